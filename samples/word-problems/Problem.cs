using System.Text;

namespace WordProblems;

/// <summary>A frame filled with words and numbers.</summary>
/// <param name="Frame">The wording.</param>
/// <param name="Calculation">The numbers.</param>
/// <param name="Facts">What is told, with or without a distractor.</param>
/// <param name="Question">What is asked.</param>
/// <param name="Statement">The answer told as a story; null when the frame has none.</param>
public sealed record Problem(Frame Frame, Calculation Calculation, string Facts, string Question, string? Statement)
{
    /// <summary>Facts and question.</summary>
    public string Prompt => $"{Facts} {Question}";

    /// <summary>The worked answer with the marker, led by the blank that parts it from the prompt.</summary>
    public string Completion => $" {Calculation.Working} The answer is {Calculation.Answer}.";

    /// <summary>
    /// Whether the problem belongs to the held-out tenth. Decided by frame and numbers alone, so that a held-out problem is not in the
    /// training files under other names, things or distractors either.
    /// </summary>
    public bool IsHeldOut
    {
        get
        {
            // FNV-1a, then mixed: the same on every runtime, which string.GetHashCode is not.
            var hash = 0xCBF29CE484222325;
            foreach (var value in Encoding.UTF8.GetBytes($"{Frame.Facts}|{string.Join(',', Calculation.Numbers)}"))
            {
                hash = (hash ^ value) * 0x100000001B3;
            }

            return Dice.Mix(hash) % 10 == 0;
        }
    }

    /// <summary>Fills a frame.</summary>
    /// <param name="frame">The wording.</param>
    /// <param name="dice">The source of chance.</param>
    /// <param name="distractorPercent">How often a sentence with an irrelevant number is put in, 0 to 100.</param>
    /// <returns>The problem.</returns>
    public static Problem Draw(Frame frame, Dice dice, int distractorPercent)
    {
        ArgumentNullException.ThrowIfNull(frame);
        ArgumentNullException.ThrowIfNull(dice);
        var calculation = Calculation.Draw(frame.Operations, dice);
        var person = dice.Pick(Vocabulary.People);
        var other = PickOther(Vocabulary.People, person, dice);
        var things = dice.Pick(Vocabulary.Things);
        var words = new Dictionary<string, string>
        {
            ["{p}"] = person.Name,
            ["{q}"] = other.Name,
            ["{s}"] = person.Subject,
            ["{o}"] = person.Object,
            ["{P}"] = char.ToUpperInvariant(person.Subject[0]) + person.Subject[1..],
            ["{i}"] = things,
            ["{j}"] = PickOther(Vocabulary.Things, things, dice),
            ["{k}"] = dice.Pick(Vocabulary.Containers),
            ["{a}"] = $"{calculation.Numbers[0]}",
            ["{b}"] = $"{calculation.Numbers[1]}",
            ["{c}"] = calculation.Numbers.Count > 2 ? $"{calculation.Numbers[2]}" : "",
            ["{d}"] = $"{dice.Between(2, 40)}",
            ["{=}"] = calculation.Equation(0),
        };
        var facts = Fill(frame.Facts, words);
        if (dice.Chance(distractorPercent))
        {
            var distractor = Fill(dice.Pick(Vocabulary.Distractors), words);
            facts = dice.Chance(50) ? $"{distractor} {facts}" : $"{facts} {distractor}";
        }

        return new Problem(frame, calculation, facts, Fill(frame.Question, words), frame.Statement is { } told ? Fill(told, words) : null);
    }

    private static string Fill(string text, Dictionary<string, string> words) =>
        words.Aggregate(text, (filled, word) => filled.Replace(word.Key, word.Value, StringComparison.Ordinal));

    private static T PickOther<T>(IReadOnlyList<T> choices, T taken, Dice dice)
    {
        T choice;
        do
        {
            choice = dice.Pick(choices);
        }
        while (Equals(choice, taken));
        return choice;
    }
}
