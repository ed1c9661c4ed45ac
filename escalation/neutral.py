"""Neutral questions for messages: what is wanted of the reader, and nothing about the person.

That a case is with care, or which measure is in force, is itself personal. Inside, the promise's
own question says more.
"""

from escalation.text import Text

DONE = Text("Is de afgesproken stap gezet?", "Was the agreed step taken?")
RESULT = Text("Wat heeft deze stap opgeleverd?", "What has this step achieved?")
ENDS = Text("Een termijn loopt af. Wat is er nodig?", "A term runs out. What is needed?")
ANSWER = Text("Is er een reactie binnengekomen?", "Has a reaction come in?")
DECISION = Text("Is hierover beslist?", "Was this decided on?")
