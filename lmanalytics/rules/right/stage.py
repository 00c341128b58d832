"""The rights stage: what changes demand or supply, and what a customer may do with what is owned."""

from lmanalytics.rules import right, topics
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
        inputs: canonical tables, facts (`facts_hosts`, …) and what is owned; an absent one was not given.
        settings: date and policies.
        only: which topics to ask.
        notes: takes the policies that each topic consulted.
        by: computes each topic.

    Returns:
        The topics' answers (`topics.gather`); what they require is `rights_demand_of_<topic>`.

    """
    chosen = [topic for topic in topics.topics_of(right) if only(topic)]
    return topics.gather(chosen, inputs, settings, notes, by=by, prefix="rights_")
