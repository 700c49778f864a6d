namespace ResLora.Experiments.Verification.Statistics;

/// <summary>The kind of case that tests, intervals and scores have: they need no model.</summary>
internal static class StatisticsCases
{
    /// <summary>What these cases are called in reports.</summary>
    public const string Kind = "statistics";

    /// <summary>The runners by the <c>kind</c> of case.json.</summary>
    public static IReadOnlyDictionary<string, Func<string, string, CaseReport>> Runners { get; } =
        new Dictionary<string, Func<string, string, CaseReport>> { [Kind] = StatisticsCase.Run };
}
