namespace ResLora.Experiments.Verification.Gguf;

/// <summary>The kinds of case that GGUF files have.</summary>
internal static class GgufCases
{
    /// <summary>What these cases are called in reports.</summary>
    public const string Kind = "gguf";

    /// <summary>The runners by the <c>kind</c> of case.json.</summary>
    public static IReadOnlyDictionary<string, Func<string, string, CaseReport>> Runners { get; } =
        new Dictionary<string, Func<string, string, CaseReport>>
        {
            ["gguf_tokenizers"] = TokenizersCase.Run,
            ["gguf_types"] = TypesCase.Run,
            ["gguf_model"] = GgufModelCase.Run,
            ["gguf_hostile"] = HostileCase.Run,
        };

    /// <summary>The report on a case.</summary>
    /// <param name="name">The case's name.</param>
    /// <param name="quantities">What was compared.</param>
    /// <param name="failures">A sentence for each quantity that is more than a number; none when all is well.</param>
    /// <returns>The report.</returns>
    public static CaseReport Report(string name, IReadOnlyList<Quantity> quantities, IReadOnlyList<string> failures) =>
        CaseReport.Of(name, Kind, quantities, failures);
}
