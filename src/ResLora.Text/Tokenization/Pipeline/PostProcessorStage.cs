using ResLora.Formats.HuggingFace;

namespace ResLora.Text.Tokenization.Pipeline;

/// <summary>
/// One stage of a post-processor. It is given texts, or what earlier stages made of them: lists of parts, which are put together at the
/// end.
/// </summary>
/// <param name="run">From lists to lists; null where the stage cannot take so many.</param>
/// <param name="singleAdds">How many tokens it adds to one text.</param>
/// <param name="pairAdds">How many tokens it adds to two.</param>
internal sealed class PostProcessorStage(Func<List<List<TemplatePart>>, List<List<TemplatePart>>?> run, int singleAdds, int pairAdds)
{
    /// <summary>How many tokens it adds to one text.</summary>
    public int SingleAdds => singleAdds;

    /// <summary>How many tokens it adds to two.</summary>
    public int PairAdds => pairAdds;

    /// <summary>Reads a stage.</summary>
    /// <param name="json">The description.</param>
    /// <param name="vocabularySize">The bound of the ids.</param>
    /// <returns>The stage.</returns>
    public static PostProcessorStage Create(TokenizerJsonComponent json, int vocabularySize) => json.Type switch
    {
        "ByteLevel" => new PostProcessorStage(texts => texts, 0, 0), // it only trims offsets
        "RobertaProcessing" => Roberta(Named(json, "cls", vocabularySize), Named(json, "sep", vocabularySize)),
        "BertProcessing" => Bert(Named(json, "cls", vocabularySize), Named(json, "sep", vocabularySize)),
        "TemplateProcessing" => Template(json, vocabularySize),
        _ => throw json.Unsupported(
            "post-processor", "Sequence", "ByteLevel", "TemplateProcessing", "RobertaProcessing", "BertProcessing"),
    };

    /// <summary>Runs the stage.</summary>
    /// <param name="texts">What it is given.</param>
    /// <returns>What it makes of it; null where it cannot take so many.</returns>
    public List<List<TemplatePart>>? Run(List<List<TemplatePart>> texts) => run(texts);

    // [CLS] A [SEP] B [SEP], the second text and its [SEP] of type 1
    private static PostProcessorStage Bert(int cls, int sep) => new(
        texts => [.. texts.Select((parts, i) => i == 0
            ? (List<TemplatePart>)[Special(cls), .. parts, Special(sep)]
            : [.. parts, new(sep, false, 1)])], 2, 3);

    // <s> A </s></s> B </s>, all of type 0
    private static PostProcessorStage Roberta(int cls, int sep) => new(texts =>
        [.. texts.Select((parts, i) =>
            (List<TemplatePart>)[Special(i == 0 ? cls : sep), .. parts.Select(part => part with { Type = 0 }), Special(sep)])],
        2, 4);

    private static TemplatePart Special(int id) => new(id, false, 0);

    private static PostProcessorStage Template(TokenizerJsonComponent json, int vocabularySize)
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

        var pair = json.Has("pair") ? Parts(json, "pair", vocabularySize) : null;
        return pair is null || (pair.Count(part => part.Id is null) == 2 && pair.Count(part => part.Second) == 1)
            ? new PostProcessorStage(Fill, Specials(single), Specials(pair ?? []))
            : throw json.Error("the template for a pair must name the sequences A and B once each");

        List<List<TemplatePart>>? Fill(List<List<TemplatePart>> texts) => (texts.Count == 1 ? single : texts.Count == 2 ? pair : null)?
            .Select(part =>
                part.Id is null ? texts[part.Second ? 1 : 0].ConvertAll(inner => inner with { Type = part.Type }) : [part]).ToList();
    }

    private static int Specials(List<TemplatePart> parts) => parts.Count(part => part.Id is not null);

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
