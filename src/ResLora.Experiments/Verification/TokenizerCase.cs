using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Text.Tokenization;

namespace ResLora.Experiments.Verification;

/// <summary>A tokenizer.json and texts with the ids and the decoded text that Hugging Face's library gives; exact.</summary>
internal static class TokenizerCase
{
    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web) { RespectNullableAnnotations = true };

    public static CaseReport Run(string name, string folder)
    {
        var file = Path.Combine(folder, "tokenizer.json");
        var tokenizer = Tokenizer.Load(file);
        var quantities = new List<Quantity>();
        var path = Path.Combine(folder, "expected.jsonl");
        foreach (var (index, line) in File.ReadLines(path).Index().Where(l => l.Item.Length > 0))
        {
            TokenizerLine expected;
            try
            {
                expected = JsonSerializer.Deserialize<TokenizerLine>(line, _json)
                    ?? throw new FileFormatException($"{path}, line {index + 1}: expected an object with a text and its ids.");
            }
            catch (JsonException e)
            {
                throw new FileFormatException($"{path}, line {index + 1}: {e.Message}", e);
            }

            if (expected.Unread.Count > 0)
            {
                throw new ConfigException($"{path}, line {index + 1}: the key '{expected.Unread.Keys.First()}' is not supported");
            }

            Add("ids", tokenizer.Encode(expected.Text).SequenceEqual(expected.Ids));
            Add("ids_no_special", tokenizer.Encode(expected.Text, addSpecialTokens: false).SequenceEqual(expected.IdsNoSpecial));
            Add("decoded", tokenizer.Decode(expected.Ids) == expected.Decoded);
            void Add(string what, bool equal) => quantities.Add(new Quantity($"line {index + 1} {what}", equal ? 0 : 1, 0));
        }

        var status = quantities.Count > 0 && quantities.All(q => q.Passed) ? CaseStatus.Passed : CaseStatus.Failed;
        return new CaseReport(name, "tokenizer", status, quantities, quantities.Count == 0 ? "there is no text to compare" : null);
    }

    private sealed record TokenizerLine
    {
        public required string Text { get; init; }

        public required int[] Ids { get; init; }

        [System.Text.Json.Serialization.JsonPropertyName("ids_no_special")]
        public required int[] IdsNoSpecial { get; init; }

        public required string Decoded { get; init; }

        [System.Text.Json.Serialization.JsonExtensionData]
        public Dictionary<string, JsonElement> Unread { get; init; } = [];
    }
}
