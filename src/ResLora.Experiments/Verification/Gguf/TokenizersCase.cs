using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;
using ResLora.Text.Tokenization;
using ResLora.Text.Tokenization.Gguf;

namespace ResLora.Experiments.Verification.Gguf;

/// <summary>
/// Tokenizers of GGUF files with texts and the ids that llama.cpp gives, with and without special tokens read in them; exact.
/// </summary>
internal static class TokenizersCase
{
    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web) { RespectNullableAnnotations = true };

    public static CaseReport Run(string name, string folder)
    {
        var quantities = new List<Quantity>();
        var failures = new List<string>();
        foreach (var path in Directory.EnumerateFiles(folder, "*.gguf").Order(StringComparer.Ordinal))
        {
            var kind = Path.GetFileNameWithoutExtension(path);
            var tokenizer = Open(path);
            foreach (var (index, line) in File.ReadLines(Path.ChangeExtension(path, ".jsonl")).Index().Where(line => line.Item.Length > 0))
            {
                var expected = Parse(line, $"{kind}.jsonl, line {index + 1}");
                Add("ids", tokenizer.Encode(expected.Text).SequenceEqual(expected.Ids));
                Add("ids_plain", tokenizer.Encode(expected.Text, findSpecialTokens: false).SequenceEqual(expected.IdsPlain));

                void Add(string what, bool equal)
                {
                    var place = $"{kind} line {index + 1} {what}";
                    quantities.Add(new Quantity(place, equal ? 0 : 1, 0));
                    failures.AddRange(equal ? [] : [place]);
                }
            }
        }

        return GgufCases.Report(name, quantities, failures);
    }

    private static Tokenizer Open(string path)
    {
        using var file = GgufFile.Open(path);
        var folder = Directory.CreateTempSubdirectory("reslora-verify-");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "tokenizer.json"), GgufTokenizerImport.TokenizerJson(file));
            File.WriteAllText(Path.Combine(folder.FullName, "tokenizer_config.json"), GgufTokenizerImport.TokenizerConfigJson(file));
            return Tokenizer.Load(folder.FullName);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static TokensLine Parse(string line, string place)
    {
        try
        {
            return JsonSerializer.Deserialize<TokensLine>(line, _json)
                ?? throw new FileFormatException($"{place}: expected an object with a text and its ids.");
        }
        catch (JsonException error)
        {
            throw new FileFormatException($"{place}: {error.Message}", error);
        }
    }

    private sealed record TokensLine(string Text, int[] Ids, [property: JsonPropertyName("ids_plain")] int[] IdsPlain);
}
