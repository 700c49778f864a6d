using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Models;
using ResLora.Text.Tokenization;
using static TorchSharp.torch;

namespace ResLora.Experiments.Verification.Gguf;

/// <summary>Damaged files, each of which must be refused by names, and sound ones (<c>valid*.gguf</c>), which must load.</summary>
internal static class HostileCase
{
    private const long LargestList = 1 << 20;

    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web) { RespectNullableAnnotations = true };

    public static CaseReport Run(string name, string folder)
    {
        var quantities = new List<Quantity>();
        var failures = new List<string>();
        foreach (var path in Directory.EnumerateFiles(folder, "valid*.gguf").Order(StringComparer.Ordinal))
        {
            Add(Path.GetFileName(path), Refusal(path));
        }

        foreach (var line in InputFile.ReadText(
            Path.Combine(folder, "refusals.jsonl"), LargestList).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var wanted = JsonSerializer.Deserialize<WantedRefusal>(line, _json)
                ?? throw new FileFormatException($"{folder}: a line of refusals.jsonl is null; a file and names are needed.");
            var got = Refusal(Path.Combine(folder, wanted.File));
            var missing = wanted.Names.Append(wanted.File).Where(part => got?.Contains(part, StringComparison.OrdinalIgnoreCase) == false);
            Add(wanted.File, got is null ? "it was loaded and is to be refused" : missing.FirstOrDefault() is { } part ? $"'{part}' is not named: {got}" : null);
        }

        return GgufCases.Report(name, quantities, failures);

        void Add(string file, string? problem)
        {
            quantities.Add(new Quantity(file, problem is null ? 0 : 1, 0));
            if (problem is not null)
            {
                failures.Add($"{file}: {problem}");
            }
        }
    }

    /// <summary>What is said of a file when it is loaded; null when it loads.</summary>
    private static string? Refusal(string path)
    {
        try
        {
            using var model = ModelRegistry.LoadCausal(path, ScalarType.Float32);
            Tokenizer.Load(path);
            return null;
        }
        catch (ResLoraException error)
        {
            return error.Message;
        }
    }

    private sealed record WantedRefusal(string File, IReadOnlyList<string> Names);
}
