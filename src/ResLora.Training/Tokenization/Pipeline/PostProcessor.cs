using ResLora.Formats.HuggingFace;

namespace ResLora.Training.Tokenization.Pipeline;

/// <summary>The special tokens that are put around the ids of one text.</summary>
/// <param name="Before">Ids in front of the text.</param>
/// <param name="After">Ids behind the text.</param>
internal sealed record PostProcessor(IReadOnlyList<int> Before, IReadOnlyList<int> After)
{
    private static readonly PostProcessor _nothing = new([], []);

    /// <summary>Builds the post-processor that a tokenizer.json describes.</summary>
    /// <param name="json">The description; null adds nothing.</param>
    /// <param name="vocabularySize">The bound of the ids.</param>
    /// <returns>The ids to put around a text.</returns>
    public static PostProcessor Create(TokenizerJsonComponent? json, int vocabularySize) => json?.Type switch
    {
        null => _nothing,
        "ByteLevel" => _nothing, // it only trims offsets
        "Sequence" => json.Items("processors").Select(item => Create(item, vocabularySize)).Aggregate(
            _nothing, (inner, outer) => new([.. outer.Before, .. inner.Before], [.. inner.After, .. outer.After])),
        "RobertaProcessing" or "BertProcessing" => new([Named(json, "cls", vocabularySize)], [Named(json, "sep", vocabularySize)]),
        "TemplateProcessing" => Template(json, vocabularySize),
        _ => throw json.Unsupported(
            "post-processor", "Sequence", "ByteLevel", "TemplateProcessing", "RobertaProcessing", "BertProcessing"),
    };

    private static PostProcessor Template(TokenizerJsonComponent json, int vocabularySize)
    {
        var before = new List<int>();
        var after = new List<int>();
        var seen = 0;
        foreach (var item in json.Items("single"))
        {
            if (item.ChildOrNull("SpecialToken") is { } special)
            {
                var ids = json.Child("special_tokens").Child(special.Text("id")).Items("ids");
                (seen == 0 ? before : after).AddRange(ids.Select(id => Checked(id, vocabularySize)));
            }
            else if (item.Child("Sequence").Text("id") == "A")
            {
                seen++;
            }
            else
            {
                throw item.Error("the template for one text may only name the sequence A");
            }
        }

        return seen == 1 ? new(before, after) : throw json.Error($"the template for one text must name the sequence A once, found {seen} times");
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
