using ResLora.Formats.HuggingFace;

namespace ResLora.Text.Tokenization.Pipeline;

/// <summary>The special tokens that are put around the ids of one text, and between and around those of two.</summary>
/// <param name="Single">The parts of one text; the text stands in it once.</param>
/// <param name="Pair">The parts of a pair, each text once; null when the tokenizer does not say.</param>
internal sealed record PostProcessor(IReadOnlyList<TemplatePart> Single, IReadOnlyList<TemplatePart>? Pair)
{
    /// <summary>How many tokens a length limit leaves room for besides one text.</summary>
    public int SingleAdds { get; private init; } = Single.Count(part => part.Id is not null);

    /// <summary>How many tokens a length limit leaves room for besides two texts.</summary>
    public int PairAdds { get; private init; } = Pair?.Count(part => part.Id is not null) ?? 0;

    /// <summary>Ids in front of one text.</summary>
    public IReadOnlyList<int> Before => [.. Single.TakeWhile(part => part.Id is not null).Select(part => part.Id!.Value)];

    /// <summary>Ids behind one text.</summary>
    public IReadOnlyList<int> After => [.. Single.SkipWhile(part => part.Id is not null).Skip(1).Select(part => part.Id!.Value)];

    /// <summary>Builds the post-processor that a tokenizer.json describes.</summary>
    /// <param name="json">The description; null adds nothing.</param>
    /// <param name="vocabularySize">The bound of the ids.</param>
    /// <returns>The parts.</returns>
    public static PostProcessor Create(TokenizerJsonComponent? json, int vocabularySize)
    {
        var stages = json is null ? [] : Growth.Stages(json, "processors").Select(
            stage => PostProcessorStage.Create(stage, vocabularySize)).ToList();
        var first = new TemplatePart(null, false, 0);
        List<List<TemplatePart>> single = [[first]];
        List<List<TemplatePart>>? pair = [[first], [new TemplatePart(null, true, 1)]];
        foreach (var stage in stages)
        {
            single = stage.Run(single) ?? throw json!.Error(
                "a template stands behind another one, and what it is given are more than two texts");
            pair = pair is null ? null : stage.Run(pair);
        }

        // A limit counts what every stage adds to texts, not to what other stages have added.
        return new PostProcessor([.. single.SelectMany(parts => parts)], pair?.SelectMany(parts => parts).ToList())
        {
            SingleAdds = stages.Sum(stage => stage.SingleAdds),
            PairAdds = stages.Sum(stage => stage.PairAdds),
        };
    }

    /// <summary>The same with other ids around one text; what a pair then looks like is not known.</summary>
    /// <param name="before">Ids in front.</param>
    /// <param name="after">Ids behind.</param>
    /// <returns>The new parts.</returns>
    public PostProcessor With(IReadOnlyList<int> before, IReadOnlyList<int> after) =>
        before.SequenceEqual(Before) && after.SequenceEqual(After)
        ? this
        : new([.. before.Select(Special), Single.First(part => part.Id is null), .. after.Select(Special)], null);

    private static TemplatePart Special(int id) => new(id, false, 0);
}
