namespace WordProblems;

/// <summary>
/// One way to word a problem. Places to fill: {p} and {q} people, {s} and {o} the first person's pronouns (she, her), {P} the
/// pronoun at the start of a sentence, {i} and {j} things, {k} containers, {a} {b} {c} the numbers, {=} the worked equation.
/// </summary>
/// <param name="Operations">One or two of <c>+ - * /</c>.</param>
/// <param name="Facts">What is told, one or more sentences.</param>
/// <param name="Question">What is asked.</param>
/// <param name="Statement">
/// The answer told as a story, with {=}; null when pretraining may tell the facts of the frame but never how it is solved.
/// </param>
public sealed record Frame(string Operations, string Facts, string Question, string? Statement = null)
{
    /// <summary>Whether pretraining shows solved problems of this frame.</summary>
    public bool InPretraining => Statement is not null;
}
