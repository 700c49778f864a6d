using System.Text.Json;
using ResLora.Formats.Json;

namespace ResLora.Experiments.Verification.Gguf;

/// <summary>The kinds of case that GGUF files have.</summary>
internal static class GgufCases
{
    /// <summary>What these cases are called in reports.</summary>
    public const string Kind = "gguf";

    /// <summary>The runner of a folder's case.</summary>
    /// <param name="folder">The folder, with case.json.</param>
    /// <returns>Runs it, given its name and the folder; null when the case is of another kind.</returns>
    public static Func<string, string, CaseReport>? Find(string folder)
    {
        using var file = CheckedJson.Read(Path.Combine(folder, "case.json"));
        var kind = file.RootElement.ValueKind == JsonValueKind.Object && file.RootElement.TryGetProperty("kind", out var value) ? value.ToString() : null;
        return kind switch
        {
            "gguf_tokenizers" => TokenizersCase.Run,
            "gguf_types" => TypesCase.Run,
            "gguf_model" => GgufModelCase.Run,
            "gguf_hostile" => HostileCase.Run,
            _ => null,
        };
    }

    /// <summary>The report on a case.</summary>
    /// <param name="name">The case's name.</param>
    /// <param name="quantities">What was compared.</param>
    /// <param name="failures">A sentence for each quantity that is more than a number; none when all is well.</param>
    /// <returns>The report.</returns>
    public static CaseReport Report(string name, IReadOnlyList<Quantity> quantities, IReadOnlyList<string> failures) => new(
        name,
        Kind,
        quantities.Count > 0 && quantities.All(quantity => quantity.Passed) ? CaseStatus.Passed : CaseStatus.Failed,
        quantities,
        quantities.Count == 0 ? "there is nothing to compare" : failures.Count > 0 ? string.Join("; ", failures) : null);
}
