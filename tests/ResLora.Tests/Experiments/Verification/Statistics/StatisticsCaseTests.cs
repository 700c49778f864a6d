using ResLora.Experiments.Verification;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Experiments.Verification.Statistics;

public sealed class StatisticsCaseTests
{
    [Fact]
    public void Run_SharedCase_Passes()
    {
        var report = Verifier.Run([SharedFolder.PathOrSkip("goldens/statistics")]);

        Assert.All(report.Cases, one => Assert.True(one.Status == CaseStatus.Passed, $"{one.Name}: {one.Message} {one.Worst}"));
    }

    [Theory]
    [InlineData("""{ "holm": { "p": [0.01, 0.04], "holm": [0.02, 0.04] } }""")]
    [InlineData("""{ "holm_empty": { "p": [], "holm": [] }, "holm": { "p": [1], "holm": [1] } }""")]
    [InlineData("""{ "mcnemar": [{ "a": [1, 0], "b": [1, 0], "exact_p": 1.0 }, { "a": [1], "b": [0], "only_a_right": 1 }] }""")]
    [InlineData("""{ "paired": { "a": [], "b": [], "t": null, "wilcoxon_exact_p": null } }""")]
    [InlineData("""{ "paired_one": { "a": [1], "b": [2], "t": NaN, "p": null, "df": 0, "wilcoxon_exact_p": 1, "sign_flip_p": 1 } }""")]
    [InlineData("""{ "paired": { "a": [1, 2], "b": [2, 3], "t": Infinity, "p": 0.0, "ci95": [1, 1] } }""")]
    [InlineData("""{ "labels": { "labels": [5, 9, 9], "predictions": [5, 9, 5], "confusion_rows_are_labels": [[1, 0], [1, 1]] } }""")]
    [InlineData("""{ "binary": { "labels": [1, 1], "scores": [0.1, 0.2], "roc_auc": null, "average_precision": 1 } }""")]
    public void Run_FiguresThatAgree_Pass(string statistics)
    {
        var only = Run(statistics);

        Assert.True(only.Status == CaseStatus.Passed, $"{only.Message} {only.Worst}");
        Assert.Equal("statistics", only.Kind);
    }

    [Theory]
    [InlineData("""{ "holm": { "p": [0.01, 0.04], "holm": [0.02, 0.05] } }""")]
    [InlineData("""{ "holm": { "p": [0.01, 0.04], "holm": [0.02] } }""")]
    [InlineData("""{ "paired_one": { "a": [1], "b": [2], "t": 0.5 } }""")]
    [InlineData("""{ "paired": { "a": [1, 2], "b": [2, 4], "t": NaN } }""")]
    public void Run_FiguresThatDiffer_Fail(string statistics)
    {
        var only = Run(statistics);

        Assert.Equal(CaseStatus.Failed, only.Status);
        Assert.False(only.Worst!.Passed);
    }

    [Theory]
    [InlineData("""{ "zebra": { "x": 1 } }""", "'zebra'")]
    [InlineData("""{ "holm": { "p": [0.01], "zebra": [0.02] } }""", "'holm.zebra'")]
    [InlineData("""{ "bootstrap": { "x": [1, 2], "statistic": "mode", "bca95": [1, 2] } }""", "'mode'")]
    public void Run_WhatIsNotKnown_IsUnsupportedByName(string statistics, string part)
    {
        var only = Run(statistics);

        Assert.Equal(CaseStatus.Unsupported, only.Status);
        Assert.Contains(part, only.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "holm": { "holm": [0.02] } }""", "'holm.p': it is missing")]
    [InlineData("""{ "mcnemar": { "a": [2], "b": [0], "exact_p": 1 } }""", "'mcnemar.a': zeros and ones")]
    [InlineData("""{ "proportion": { "successes": "a", "n": 3, "wilson95": [0, 1] } }""", "'proportion.successes': numbers")]
    [InlineData("""{ "correlation": { "x": [1, 2], "y": [1], "pearson": 1 } }""", "'correlation.x': there are 2 values and 1 of 'y'")]
    [InlineData("""{ "bootstrap": { "x": [1, 2], "statistic": 3, "bca95": [1, 2] } }""", "'bootstrap.statistic': a word is needed")]
    [InlineData("""{ "frechet": { "a": [[1], [1, 2]], "b": [[1]], "covariance": "n - 1", "distance": 0 } }""", "rows of equal length")]
    [InlineData("""{ "holm": [3] }""", "'holm[0].p': it is missing")]
    [InlineData("[]", "holds no entries")]
    public void Run_ADamagedFile_FailsByName(string statistics, string part)
    {
        var only = Run(statistics);

        Assert.Equal(CaseStatus.Failed, only.Status);
        Assert.Contains(part, only.Message, StringComparison.Ordinal);
    }

    private static CaseReport Run(string statistics)
    {
        using var folder = new TemporaryFolder();
        folder.Write("case.json", """{ "kind": "statistics", "tolerance": { "bootstrap": 0.01, "power": 1e-4, "other": 1e-9 } }""");
        folder.Write("statistics.json", statistics);
        return Assert.Single(Verifier.Run([folder.Path]).Cases);
    }
}
