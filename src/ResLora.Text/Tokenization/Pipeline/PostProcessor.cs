using ResLora.Formats.HuggingFace;

namespace ResLora.Text.Tokenization.Pipeline;

/// <summary>A place in what a model is given: a special token, or all tokens of a text.</summary>
/// <param name="Id">The special token, or null for a text.</param>
/// <param name="Second">Whether the text is the second of a pair.</param>
/// <param name="Type">The type id of the token, or of all the text's tokens.</param>
internal readonly record struct TemplatePart(int? Id, bool Second, int Type);

/// <summary>The special tokens that are put around the ids of one text, and between and around those of two.</summary>
/// <param name="Single">The parts of one text; the text stands in it once.</param>
/// <param name="Pair">The parts of a pair, each text once; null when the tokenizer does not say.</param>
internal sealed record PostProcessor(IReadOnlyList<TemplatePart> Single, IReadOnlyList<TemplatePart>? Pair)
{
    private static readonly TemplatePart _first = new(null, false, 0);
    private static readonly PostProcessor _nothing = new([_first], [_first, new TemplatePart(null, true, 1)]);

    /// <summary>Ids in front of one text.</summary>
    public IReadOnlyList<int> Before => [.. Single.TakeWhile(part => part.Id is not null).Select(part => part.Id!.Value)];

    /// <summary>Ids behind one text.</summary>
    public IReadOnlyList<int> After => [.. Single.SkipWhile(part => part.Id is not null).Skip(1).Select(part => part.Id!.Value)];

    /// <summary>Builds the post-processor that a tokenizer.json describes.</summary>
    /// <param name="json">The description; null adds nothing.</param>
    /// <param name="vocabularySize">The bound of the ids.</param>
    /// <returns>The parts.</returns>
    public static PostProcessor Create(TokenizerJsonComponent? json, int vocabularySize) => json?.Type switch
    {
        null => _nothing,
        "ByteLevel" => _nothing, // it only trims offsets
        "Sequence" => json.Items("processors").Select(item => Create(item, vocabularySize)).Aggregate(_nothing, Around),
        "RobertaProcessing" => Roberta(Named(json, "cls", vocabularySize), Named(json, "sep", vocabularySize)),
        "BertProcessing" => Bert(Named(json, "cls", vocabularySize), Named(json, "sep", vocabularySize)),
        "TemplateProcessing" => Template(json, vocabularySize),
        _ => throw json.Unsupported(
            "post-processor", "Sequence", "ByteLevel", "TemplateProcessing", "RobertaProcessing", "BertProcessing"),
    };

    /// <summary>The same with other ids around one text; what a pair then looks like is not known.</summary>
    /// <param name="before">Ids in front.</param>
    /// <param name="after">Ids behind.</param>
    /// <returns>The new parts.</returns>
    public PostProcessor With(IReadOnlyList<int> before, IReadOnlyList<int> after) =>
        before.SequenceEqual(Before) && after.SequenceEqual(After)
        ? this
        : new([.. before.Select(Special), Single.First(part => part.Id is null), .. after.Select(Special)], null);

    private static PostProcessor Around(PostProcessor inner, PostProcessor outer)
    {
        if (ReferenceEquals(inner, _nothing) || ReferenceEquals(outer, _nothing))
        {
            return ReferenceEquals(inner, _nothing) ? outer : inner;
        }

        return inner.With([.. outer.Before, .. inner.Before], [.. inner.After, .. outer.After]);
    }

    // [CLS] A [SEP] B [SEP], the second text and its [SEP] of type 1
    private static PostProcessor Bert(int cls, int sep) => new(
        [Special(cls), _first, Special(sep)],
        [Special(cls), _first, Special(sep), new(null, true, 1), new(sep, false, 1)]);

    // <s> A </s></s> B </s>, all of type 0
    private static PostProcessor Roberta(int cls, int sep) => new(
        [Special(cls), _first, Special(sep)],
        [Special(cls), _first, Special(sep), Special(sep), new(null, true, 0), Special(sep)]);

    private static TemplatePart Special(int id) => new(id, false, 0);

    private static PostProcessor Template(TokenizerJsonComponent json, int vocabularySize)
    {
        var single = Parts(json, "single", vocabularySize);
        if (single.Any(part => part.Second))
        {
            throw json.Error("the template for one text may only name the sequence A");
        }

        if (single.Count(part => part.Id is null) is not 1 and var times)
        {
            throw json.Error($"the template for one text must name the sequence A once, found {times} times");
        }

        if (!json.Has("pair"))
        {
            return new PostProcessor(single, null);
        }

        var pair = Parts(json, "pair", vocabularySize);
        return pair.Count(part => part.Id is null) == 2 && pair.Count(part => part.Second) == 1
            ? new PostProcessor(single, pair)
            : throw json.Error("the template for a pair must name the sequences A and B once each");
    }

    private static List<TemplatePart> Parts(TokenizerJsonComponent json, string key, int vocabularySize)
    {
        const int mostParts = 1000; // published templates have about five
        var parts = new List<TemplatePart>();
        var items = json.Items(key);
        foreach (var item in items)
        {
            if (item.ChildOrNull("SpecialToken") is { } special)
            {
                var type = Type(special);
                var ids = json.Child("special_tokens").Child(special.Text("id")).Items("ids");
                parts.AddRange(ids.Select(id => new TemplatePart(Checked(id, vocabularySize), false, type)));
            }
            else
            {
                var sequence = item.Child("Sequence");
                var name = sequence.Text("id");
                parts.Add(name is "A" or "B"
                    ? new TemplatePart(null, name == "B", Type(sequence))
                    : throw item.Error($"the sequence '{name}' is unknown (known: A, B)"));
            }

            if (Math.Max(items.Count, parts.Count) > mostParts)
            {
                throw json.Child(key).Error($"the template puts more than {mostParts} tokens around a text");
            }
        }

        return parts;
    }

    private static int Type(TokenizerJsonComponent json)
    {
        const int most = 1000;
        var type = json.ChildOrNull("type_id")?.AsNumber() ?? 0;
        return type is >= 0 and <= most ? type : throw json.Error($"type_id {type} is outside 0 to {most}");
    }

    // ["</s>", 2]
    private static int Named(TokenizerJsonComponent json, string key, int vocabularySize) =>
        json.Items(key) is [_, var id] ? Checked(id, vocabularySize) : throw json.Error($"{key} must be a token and its id");

    private static int Checked(TokenizerJsonComponent json, int vocabularySize)
    {
        var id = json.AsNumber();
        return id >= 0 && id < vocabularySize ? id : throw json.Error($"id {id} is not in the vocabulary of {vocabularySize} entries");
    }
}
