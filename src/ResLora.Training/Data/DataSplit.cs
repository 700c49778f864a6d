using ResLora.Formats.Errors;
using ResLora.Training.Data.Labelling;

namespace ResLora.Training.Data;

/// <summary>
/// Takes a validation part out of training data. Choosing the best checkpoint on the test split is selection on test: the score of
/// what was chosen is then too high. So choose on a part held out here, and read the test split once.
/// </summary>
public static class DataSplit
{
    /// <summary>
    /// Divides samples at random, the same way for the same seed. Samples with one prompt (of plain text: with one text) stay on
    /// one side, so that nothing trained is validated; both parts keep the order of the input.
    /// </summary>
    /// <param name="samples">The training samples.</param>
    /// <param name="count">How many to hold out; fewer are when equal prompts leave no exact fit.</param>
    /// <param name="seed">The seed.</param>
    /// <returns>What is left for training, and what is held out.</returns>
    /// <exception cref="ConfigException"><paramref name="count"/> is below 1 or leaves nothing to train on.</exception>
    public static (IReadOnlyList<Sample> Train, IReadOnlyList<Sample> HeldOut) HoldOut(IReadOnlyList<Sample> samples, int count, long seed) =>
        HoldOut(samples, sample => sample.Prompt.Length > 0 ? sample.Prompt : sample.Completion, count, seed);

    /// <summary>Divides examples with labels as samples are divided; equal texts (of pairs: equal pairs) stay on one side.</summary>
    /// <param name="texts">The training examples.</param>
    /// <param name="count">How many to hold out; fewer are when equal texts leave no exact fit.</param>
    /// <param name="seed">The seed.</param>
    /// <returns>What is left for training, and what is held out.</returns>
    /// <exception cref="ConfigException"><paramref name="count"/> is below 1 or leaves nothing to train on.</exception>
    public static (IReadOnlyList<LabelledText> Train, IReadOnlyList<LabelledText> HeldOut) HoldOut(IReadOnlyList<LabelledText> texts, int count, long seed) =>
        HoldOut(texts, text => (text.Text, text.SecondText), count, seed);

    private static (IReadOnlyList<T> Train, IReadOnlyList<T> HeldOut) HoldOut<T, TKey>(IReadOnlyList<T> samples, Func<T, TKey> key, int count, long seed)
    {
        ArgumentNullException.ThrowIfNull(samples);
        if (count < 1 || count >= samples.Count)
        {
            throw new ConfigException($"Cannot hold {count} of {samples.Count} samples out for validation; choose 1 to {samples.Count - 1}.");
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
