"""Speed and memory of every stage, side by side with peers, on generated exports of any size."""
