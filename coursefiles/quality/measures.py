"""What a lesson is measured by; imported by the staff pages, too, so it needs nothing."""

READING = range(450, 901)  # words
STORY = range(200, 351)
JOB_AID = 250
HUDDLE = 300
TAKEAWAY = 40
TURNS = 6
SENTENCE = 35
PARAGRAPH = 90
LONGEST = 1.6  # times the median of all readings
LOWEST, HIGHEST = 6.0, 9.0  # Flesch-Kincaid grade
MARGIN = 0.5  # of a grade: so far off it is a warning, farther it is an error
