"""The benefits stage: what follows from the position."""

from lmanalytics.rules import benefit, topics
from lmanalytics.rules.parameters import Settings

Tables = topics.Tables


def answers(
    inputs: Tables,
    settings: Settings,
    only: topics.Choice = topics.every,
    notes: topics.Notes | None = None,
    by: topics.By = topics.plainly,
) -> Tables:
    """Ask the topics of this package.

    Args:
        inputs: canonical tables, facts (`facts_hosts`, …) and every earlier answer; an absent one was not given.
        settings: date and policies.
        only: which topics to ask.
        notes: takes the policies that each topic consulted.
        by: computes each topic.

    Returns:
        The topics' answers (`topics.gather`).

    """
    return topics.gather([t for t in topics.topics_of(benefit) if only(t)], inputs, settings, notes, by=by)
