using ResLora.Formats;
using ResLora.Formats.Errors;
using ResLora.Text.Data.Labelling;

namespace ResLora.Text.Data;

/// <summary>
/// Takes a validation part out of training data. Choosing the best checkpoint on the test split is selection on test: the score of
/// what was chosen is then too high. So choose on a part held out here, and read the test split once.
/// </summary>
public static class DataSplit
{
    private const string OnlyOne =
        "There is only 1 sample, so none can be held out for validation; set validationCount to 0, or name a validation file.";
    private const int ShortestDivided = 1000;

    /// <summary>How many samples are held out when nobody says: a tenth, but at least 1.</summary>
    /// <param name="samples">How many there are.</param>
    /// <param name="most">The most to hold out.</param>
    /// <returns>1 to <paramref name="most"/>.</returns>
    public static int UsualCount(int samples, int most) => Math.Clamp(samples / 10, 1, most);

    /// <summary>Holds the last tenth of a single text out, from the beginning of a line where there are lines.</summary>
    /// <param name="text">Plain text: a sample without a prompt.</param>
    /// <returns>What is left for training, and what is held out.</returns>
    /// <exception cref="ConfigException">The sample has a prompt, or the text is too short to be divided.</exception>
    public static (IReadOnlyList<Sample> Train, IReadOnlyList<Sample> HeldOut) HoldOutEnd(Sample text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var all = text.Completion;
        var at = all.Length - (all.Length / 10);
        at = text.Prompt.Length > 0 || all.Length < ShortestDivided
            ? throw new ConfigException(OnlyOne)
            : all.IndexOf('\n', at, all.Length - at - 1) is >= 0 and var line ? line + 1 : char.IsLowSurrogate(all[at]) ? at + 1 : at;
        return ([text with { Completion = all[..at] }], [text with { Completion = all[at..] }]);
    }

    /// <summary>
    /// Divides samples at random, the same way for the same seed. Samples with one prompt (of plain text: with one text) stay on
    /// one side, so that nothing trained is validated; both parts keep the order of the input.
    /// </summary>
    /// <param name="samples">The training samples.</param>
    /// <param name="count">How many to hold out; fewer are when equal prompts leave no exact fit.</param>
    /// <param name="seed">The seed.</param>
    /// <returns>What is left for training, and what is held out.</returns>
    /// <exception cref="ConfigException"><paramref name="count"/> is below 1 or leaves nothing to train on.</exception>
    public static (
        IReadOnlyList<Sample> Train, IReadOnlyList<Sample> HeldOut) HoldOut(IReadOnlyList<Sample> samples, int count, long seed) =>
        HoldOut(samples, sample => sample.Prompt.Length > 0 ? sample.Prompt : sample.Completion, count, seed);

    /// <summary>Divides examples with labels as samples are divided; equal texts (of pairs: equal pairs) stay on one side.</summary>
    /// <param name="texts">The training examples.</param>
    /// <param name="count">How many to hold out; fewer are when equal texts leave no exact fit.</param>
    /// <param name="seed">The seed.</param>
    /// <returns>What is left for training, and what is held out.</returns>
    /// <exception cref="ConfigException"><paramref name="count"/> is below 1 or leaves nothing to train on.</exception>
    public static (
        IReadOnlyList<LabelledText> Train,
        IReadOnlyList<LabelledText> HeldOut) HoldOut(IReadOnlyList<LabelledText> texts, int count, long seed) =>
        HoldOut(texts, text => (text.Text, text.SecondText), count, seed);

    /// <summary>Divides anything as samples are divided; what has equal keys stays on one side.</summary>
    /// <typeparam name="T">What is divided.</typeparam>
    /// <typeparam name="TKey">What equals are known by.</typeparam>
    /// <param name="samples">The training samples.</param>
    /// <param name="key">The key of one.</param>
    /// <param name="count">How many to hold out; fewer are when equal keys leave no exact fit.</param>
    /// <param name="seed">The seed.</param>
    /// <returns>What is left for training, and what is held out.</returns>
    /// <exception cref="ConfigException"><paramref name="count"/> is below 1 or leaves nothing to train on.</exception>
    public static (IReadOnlyList<T> Train, IReadOnlyList<T> HeldOut) HoldOut<T, TKey>(
        IReadOnlyList<T> samples, Func<T, TKey> key, int count, long seed)
    {
        ArgumentNullException.ThrowIfNull(samples);
        if (count < 1 || count >= samples.Count)
        {
            throw new ConfigException(samples.Count == 1
                ? OnlyOne
                : $"Cannot hold {count} of {samples.Count} samples out for validation; set validationCount to 1 to {samples.Count - 1}, or to 0 for none, or name a validation file.");
        }

        var groups = Enumerable.Range(0, samples.Count)
            .GroupBy(i => key(samples[i]))
            .Select(group => group.ToArray())
            .ToArray();
        StableRandom.Shuffle(groups, unchecked((ulong)seed));
        var heldOut = new HashSet<int>();
        foreach (var group in groups)
        {
            if (heldOut.Count + group.Length <= count)
            {
                heldOut.UnionWith(group);
            }
        }

        return ([.. samples.Where((_, i) => !heldOut.Contains(i))], [.. samples.Where((_, i) => heldOut.Contains(i))]);
    }
}
