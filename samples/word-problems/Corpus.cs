namespace WordProblems;

/// <summary>The three files: what pretraining reads, what fine-tuning reads, and what neither reads.</summary>
public static class Corpus
{
    private const int DistractorPercent = 30;

    private static readonly Frame[] _oneStep = [.. Frames.All.Where(frame => frame.Operations.Length == 1)];
    private static readonly Frame[] _twoSteps = [.. Frames.All.Where(frame => frame.Operations.Length == 2)];
    private static readonly Frame[] _solved = [.. Frames.All.Where(frame => frame.InPretraining)];
    private static readonly string[] _chainOperations = [.. Frames.All.Select(frame => frame.Operations).Distinct()];

    /// <summary>Problems of the whole distribution, no prompt twice: 65 % one step, 35 % two, a distractor in 30 %.</summary>
    /// <param name="count">How many problems.</param>
    /// <param name="heldOut">Whether to draw from the held-out tenth or from the rest.</param>
    /// <param name="seed">Where the sequence of chance starts.</param>
    /// <returns>The problems in the order drawn.</returns>
    public static IReadOnlyList<Problem> Problems(int count, bool heldOut, ulong seed)
    {
        var dice = new Dice(Dice.Mix((2 * seed) + (heldOut ? 1UL : 0UL)));
        var problems = new List<Problem>(count);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (problems.Count < count)
        {
            var problem = Problem.Draw(dice.Pick(dice.Chance(65) ? _oneStep : _twoSteps), dice, DistractorPercent);
            if (problem.IsHeldOut == heldOut && seen.Add(problem.Prompt))
            {
                problems.Add(problem);
            }
        }

        return problems;
    }

    /// <summary>
    /// Documents for pretraining: a part of the distribution. It holds the arithmetic, the words and the easier frames, but solved
    /// two-step problems, the frames without a statement and distractors in solved problems only come with fine-tuning, and the
    /// marker "The answer is" only follows additions.
    /// </summary>
    /// <param name="count">How many documents.</param>
    /// <param name="seed">Where the sequence of chance starts.</param>
    /// <returns>The documents in the order drawn; repeats are possible.</returns>
    public static IEnumerable<string> Pretraining(int count, ulong seed)
    {
        var dice = new Dice(Dice.Mix(~seed));
        for (var i = 0; i < count; i++)
        {
            yield return dice.Between(1, 100) switch
            {
                <= 35 => BareArithmetic(dice),
                <= 50 => Draw(Frames.All, dice, 50).Facts,
                <= 75 => Story(Draw(_solved, dice, 0)),
                _ => Answered(Draw(_solved, dice, 0)),
            };
        }
    }

    private static string BareArithmetic(Dice dice) =>
        string.Join(' ', Enumerable.Range(0, 4).Select(_ => Calculation.Draw(dice.Pick(_chainOperations), dice).Working));

    private static string Story(Problem problem) => $"{problem.Facts} {problem.Statement}";

    private static string Answered(Problem problem) => problem.Frame.Operations == "+"
        ? problem.Prompt + problem.Completion
        : $"{problem.Prompt} {problem.Calculation.Working}";

    private static Problem Draw(IReadOnlyList<Frame> frames, Dice dice, int distractorPercent)
    {
        Problem problem;
        do
        {
            problem = Problem.Draw(dice.Pick(frames), dice, distractorPercent);
        }
        while (problem.IsHeldOut);
        return problem;
    }
}
