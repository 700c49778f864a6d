namespace ResLora.Experiments.Verification.Pictures;

/// <summary>The kinds of case that pictures have: they need no model.</summary>
internal static class PictureCases
{
    /// <summary>What these cases are called in reports.</summary>
    public const string Kind = "pictures";

    /// <summary>The runners by the <c>kind</c> of case.json.</summary>
    public static IReadOnlyDictionary<string, Func<string, string, CaseReport>> Runners { get; } =
        new Dictionary<string, Func<string, string, CaseReport>>
        {
            ["image_decode"] = DecodeCase.Run,
            ["image_preprocess"] = PreprocessCase.Run,
            ["imagefolder"] = FolderCase.Run,
        };

    /// <summary>The report on a case.</summary>
    /// <param name="name">The case's name.</param>
    /// <param name="quantities">What was compared.</param>
    /// <param name="failures">A sentence for each quantity that is more than a number; none when all is well.</param>
    /// <returns>The report.</returns>
    public static CaseReport Report(string name, IReadOnlyList<Quantity> quantities, IReadOnlyList<string> failures) =>
        CaseReport.Of(name, Kind, quantities, failures);
}
