using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Text.Tokenization;

namespace ResLora.Experiments.Verification.Diffusion;

/// <summary>A tokenizer of prompts, as tokenizer.json and as the older files, with texts and their ids, which both give; exact.</summary>
internal static class ClipTokenizerCase
{
    private const string NewFile = "tokenizer.json";

    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web)
    {
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    public static bool IsOne(string folder) => DiffusionCases.TextOf(Path.Combine(folder, "case.json"), "kind") == "clip_tokenizer";

    public static CaseReport Run(string name, string folder)
    {
        var lines = Lines(Path.Combine(folder, "expected.jsonl"));
        var quantities = new List<Quantity>();
        foreach (var isNew in new[] { true, false })
        {
            var tokenizer = Load(folder, isNew);
            foreach (var (number, line) in lines)
            {
                Add("ids", tokenizer.Encode(line.Text).SequenceEqual(line.Ids));
                Add("all", tokenizer.EncodeWhole(line.Text).SequenceEqual(line.All));
                void Add(string what, bool equal) =>
                    quantities.Add(new Quantity($"line {number} {what} by {(isNew ? NewFile : "vocab.json")}", equal ? 0 : 1, 0));
            }
        }

        var status = quantities.Count > 0 && quantities.All(quantity => quantity.Passed) ? CaseStatus.Passed : CaseStatus.Failed;
        return new CaseReport(name, DiffusionCases.Kind, status, quantities, quantities.Count == 0 ? "there is no text to compare" : null);
    }

    /// <summary>By one kind of files only, which the others would hide in one folder.</summary>
    private static ClipTokenizer Load(string folder, bool isNew)
    {
        string[] hidden = isNew ? ["vocab.json", "merges.txt"] : [NewFile];
        var copy = Directory.CreateTempSubdirectory("reslora-verify-").FullName;
        try
        {
            foreach (var file in Directory.EnumerateFiles(folder).Where(file => !hidden.Contains(Path.GetFileName(file))))
            {
                File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
            }

            return ClipTokenizer.Load(copy);
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }

    private static List<(int Number, TokenizerLine Line)> Lines(string path)
    {
        var lines = new List<(int, TokenizerLine)>();
        foreach (var (index, text) in File.ReadLines(path).Index().Where(line => line.Item.Length > 0))
        {
            try
            {
                lines.Add((index + 1, JsonSerializer.Deserialize<TokenizerLine>(text, _json)
                    ?? throw new FileFormatException($"{path}, line {index + 1}: expected an object with a text and its ids.")));
            }
            catch (JsonException e)
            {
                throw new FileFormatException($"{path}, line {index + 1}: {e.Message}", e);
            }
        }

        return lines;
    }

    private sealed record TokenizerLine(string Text, int[] Ids, int[] All);
}
