"""The optional project: nothing is graded by a check; each answer has a rubric for a person."""

from dlcourse.authoring import free_text

project_question = free_text(
    "project_question",
    "State your question in one sentence. Describe the data: where they come from, how many "
    "samples and features, which target, and what could be wrong with them.",
    rubric=[
        "1 point: a question that the data can answer, with a target and a measure of success",
        "1 point: origin, size, classes or range of the target, missing or doubtful values",
    ],
    points=2,
)

project_split = free_text(
    "project_split",
    "How did you hold data out, and why in this way (at random, stratified, in time, by group)? "
    "What was fitted on training rows only?",
    rubric=[
        "1 point: training, validation and test are separated before anything is fitted",
        "1 point: the split suits the data; scaling and choices never saw the test rows",
    ],
    points=2,
)

project_baseline = free_text(
    "project_baseline",
    "Which two baselines did you compare with (one without learning, one linear), and what do "
    "they reach?",
    rubric=[
        "1 point: a trivial baseline (majority class, mean, persistence), measured",
        "1 point: a linear or logistic model, measured on the same rows",
    ],
    points=2,
)

project_model = free_text(
    "project_model",
    "Describe your network and why it suits the data. Which choices did you compare on the "
    "validation rows, over how many seeds?",
    rubric=[
        "1 point: architecture, loss and output fit the task",
        "1 point: at least two choices compared fairly (same data, same budget)",
        "1 point: three seeds or more, with the spread",
    ],
    points=3,
)

project_result = free_text(
    "project_result",
    "Report the test result, looked at once, beside the baselines, with a figure. Show three "
    "samples on which the network is wrong.",
    rubric=[
        "1 point: one test number per model, with the baselines beside it",
        "1 point: a figure with labels and units that answers the question",
        "1 point: mistakes are looked at, with a guess why",
    ],
    points=3,
)

project_limits = free_text(
    "project_limits",
    "For which data would you not use this network? What would you do with another week?",
    rubric=[
        "1 point: names a shift of the data, a group, or a cost of mistakes that was not tested",
        "1 point: a next step that follows from the results",
    ],
    points=2,
)
