using ResLora.Formats.Errors;
using ResLora.Statistics.Judging;
using Xunit;

namespace ResLora.Tests.Statistics.Judging;

/// <summary>What arms are said to be; how often that is wrong is <see cref="VerdictSimulationTests"/>.</summary>
public sealed class VerdictsTests
{
    // A few roundings of numbers near 1.
    private const double Rounding = 1e-12;

    private static readonly VerdictTerms _terms = new() { Margin = 0.02 };

    [Fact]
    public void Judge_ScoresWithoutItems_IsThePairedTTest()
    {
        var reference = Scores("LoRA", 60.07, 62.72, 62.45, 58.98, 59.4);
        var arm = Scores("block", 60.14, 63.89, 62.99, 60.33, 58.15);

        var verdict = Judge(reference, arm, _terms with { Margin = 2 });

        // SciPy 1.17, ttest_rel with its interval, and the larger p of ttest_1samp against −2 and 2.
        Assert.Equal(0.376, verdict.Difference!.Value, Rounding);
        Assert.Equal(0.4650030720993645, verdict.P!.Value, 1e-9);
        Assert.Equal(-0.9178829980174661, verdict.Low!.Value, 1e-9);
        Assert.Equal(0.012620638739007246, verdict.EquivalenceP!.Value, 1e-9);
        Assert.Equal(Conclusion.Equal, verdict.Conclusion);
        Assert.Null(verdict.Items);
        Assert.Equal("block and LoRA are equal within 2 (p 0.01): 0.4 (95 % interval -0.9 to 1.7)", verdict.Sentence);
    }

    [Fact]
    public void Judge_IdenticalArms_HaveNoDifference()
    {
        var reference = Items("LoRA", [1, 0, 1, 1], [0, 0, 1, 1], [1, 1, 1, 0]);
        var arm = Items("same", [1, 0, 1, 1], [0, 0, 1, 1], [1, 1, 1, 0]);

        var verdict = Judge(reference, arm, new VerdictTerms());

        Assert.Equal((0.0, 1.0, 1.0), (verdict.Difference!.Value, verdict.P!.Value, verdict.HolmP!.Value));
        Assert.Equal(Conclusion.NotShown, verdict.Conclusion);
        Assert.Null(verdict.SmallestDifference);
        Assert.Equal("no difference between same and LoRA: every outcome is the same", verdict.Sentence);
    }

    [Fact]
    public void Judge_LossesOfItems_LowerIsBetter()
    {
        double[] losses = [.. Enumerable.Range(0, 200).Select(i => 2 + Math.Sin(i))];
        var better = OfSeeds(seed => losses.Select((loss, i) => loss - 0.1 - (0.05 * Math.Cos((i * 7) + seed))));

        var verdict = Judge(Items("LoRA", losses, losses, losses), Items("block", better), _terms with { IsLowerBetter = true });

        Assert.Equal(Conclusion.Better, verdict.Conclusion);
        Assert.Equal(0.1, verdict.Difference!.Value, 0.01);
        Assert.StartsWith("block is better than LoRA by 0.0997 (95 % interval 0.09", verdict.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Judge_OtherWayRound_IsWorseByAsMuch()
    {
        var right = OfSeeds(seed => Enumerable.Range(0, 300).Select(i => (i + seed) % 3 == 0 ? 0.0 : 1));
        var wrong = OfSeeds(seed => Enumerable.Range(0, 300).Select(i => (i + seed) % 2 == 0 ? 0.0 : 1));

        var better = Judge(Items("LoRA", wrong), Items("block", right), _terms);
        var worse = Judge(Items("LoRA", right), Items("block", wrong), _terms);

        Assert.Equal((Conclusion.Better, Conclusion.Worse), (better.Conclusion, worse.Conclusion));
        Assert.Equal(better.Difference!.Value, -worse.Difference!.Value, Rounding);
        Assert.Equal(better.P!.Value, worse.P!.Value, Rounding);
        Assert.Equal(better.Sentence.Split(" by ")[1], worse.Sentence.Split(" by ")[1]);
    }

    [Fact]
    public void Judge_OneSeedOfRightAndWrong_IsMcNemarsTest()
    {
        // 27 items that the arm alone got, 12 that the reference alone got, 100 that both did: SciPy 1.17, binomtest(12, 39).
        double[] reference = [.. Enumerable.Repeat(0.0, 27), .. Enumerable.Repeat(1.0, 112)];
        double[] arm = [.. Enumerable.Repeat(1.0, 27), .. Enumerable.Repeat(0.0, 12), .. Enumerable.Repeat(1.0, 100)];

        var verdict = Judge(Items("LoRA", reference), Items("block", arm), new VerdictTerms());

        Assert.Equal(0.023702702470473014, verdict.P!.Value, 1e-9);
        Assert.Equal(Conclusion.Better, verdict.Conclusion);
        Assert.EndsWith("p 0.02); one seed says nothing of other seeds", verdict.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Judge_AFamily_IsCorrectedTogether()
    {
        var reference = Scores("LoRA", 0, 0, 0, 0);
        ArmScores[] arms = [Scores("a", 1, 2, 3, 2.5), Scores("b", 1, -1, 1, -1.2), Scores("c", double.NaN, 1, 2, 3)];

        var verdicts = Verdicts.Judge(reference, arms, new VerdictTerms());

        Assert.Equal(2 * verdicts[0].P!.Value, verdicts[0].HolmP!.Value, Rounding);
        Assert.Equal(verdicts[1].P!.Value, verdicts[1].HolmP!.Value, Rounding);
        Assert.Equal((Conclusion.NotJudged, null), (verdicts[2].Conclusion, verdicts[2].HolmP));
        Assert.All(verdicts, verdict => Assert.Equal(2, verdict.Comparisons));
        Assert.Contains("not every score is a number", verdicts[2].Sentence, StringComparison.Ordinal);
        Assert.Contains("after Holm over 2 comparisons", verdicts[0].Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Judge_EqualDifferencesOfAFewSeeds_AreNoCertainty()
    {
        var verdict = Judge(Scores("LoRA", 0.78, 0.79, 0.8), Scores("block", 0.79, 0.8, 0.81), new VerdictTerms());

        // Without spread t is infinite; that three signs agree has a chance of 2 · 2⁻³.
        Assert.Equal(0.25, verdict.P!.Value, Rounding);
        Assert.Equal(Conclusion.NotShown, verdict.Conclusion);
    }

    [Fact]
    public void Judge_AFewLuckyItems_AreNotTakenForCertain()
    {
        // Each seed of the arm got one more item right, each another one: the seeds agree to the last digit, by chance.
        var (reference, arm) = (new double[3][], new double[3][]);
        for (var seed = 0; seed < 3; seed++)
        {
            reference[seed] = [.. Enumerable.Range(0, 100).Select(i => i < 50 ? 0.0 : 1)];
            arm[seed] = [.. reference[seed].Select((outcome, i) => i == seed ? 1 : outcome)];
        }

        var verdict = Judge(Items("LoRA", reference), Items("block", arm), new VerdictTerms());

        Assert.True(verdict.P > 0.05, $"p is {verdict.P}");
        Assert.Equal(Conclusion.NotShown, verdict.Conclusion);
    }

    [Fact]
    public void Judge_ScoreOfItems_OfTheMean_IsNearTheMeansOwnVerdict()
    {
        var reference = OfSeeds(seed => Outcomes(200, seed, 0));
        var arm = OfSeeds(seed => Outcomes(200, seed + 9, 0.2));
        var means = Judge(Items("LoRA", reference), Items("block", arm), new VerdictTerms());

        var drawn = Judge(
            Items("LoRA", reference),
            Items("block", arm),
            new VerdictTerms { ScoreOfItems = (outcomes, places) => places.Average(place => outcomes[place]), Resamples = 4000 });

        Assert.Equal(means.Difference!.Value, drawn.Difference!.Value, Rounding);
        // A variance of 4,000 draws is off by √(2 / 4000) = 2 %; its root by half of that; three of them.
        Assert.Equal(1, drawn.StandardError!.Value / means.StandardError!.Value, 0.035);
    }

    [Fact]
    public void Judge_ADifferenceWithinTheMargin_SaysBoth()
    {
        var verdict = Judge(Scores("LoRA", 1, 2, 3, 4), Scores("block", 1.1, 2.11, 3.1, 4.11), new VerdictTerms { Margin = 0.5 });

        Assert.Equal(Conclusion.Better, verdict.Conclusion);
        Assert.EndsWith(", p below 0.001), yet the two are equal within 0.5 (p below 0.001)", verdict.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Judge_ShownAloneButNotInTheFamily_GivesBothP()
    {
        var reference = Scores("LoRA", 0, 0, 0, 0);
        ArmScores[] arms = [Scores("a", 1, 2, 3, 4), Scores("b", 1, -1, 1, -1.2), Scores("c", 1, -1, 2, -1.2)];

        var verdict = Verdicts.Judge(reference, arms, new VerdictTerms())[0];

        // ttest_1samp([1, 2, 3, 4], 0) of SciPy 1.17 has p 0.03047.
        Assert.Equal((Conclusion.NotShown, 0.0305), (verdict.Conclusion, Math.Round(verdict.P!.Value, 4)));
        Assert.Contains("p 0.03 alone and 0.09 after Holm over 3 comparisons", verdict.Sentence, StringComparison.Ordinal);
        Assert.EndsWith("; 4 seeds could have shown 4", verdict.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Judge_DifferencesThatCancelOut_HaveAMeanOfZero()
    {
        // 0.6, −0.2 and −0.4, whose mean is 3e-17 by their roundings.
        var verdict = Judge(Scores("LoRA", 0.1, 0.3, 0.7), Scores("block", 0.7, 0.1, 0.3), new VerdictTerms());

        Assert.Equal(0, verdict.Difference);
        Assert.True(verdict.StandardError > 0.01);
    }

    [Fact]
    public void Judge_AnArmWithAnIntervalOfItsOwn_IsDrawnOnce()
    {
        var scored = 0;
        var terms = new VerdictTerms
        {
            Resamples = 100,
            ScoreOfItems = (outcomes, drawn) =>
            {
                scored++;
                return drawn.Average(i => outcomes[i]);
            },
        };
        var (reference, arm) = (Items("LoRA", [1, 0, 1, 0]), Items("block", [1, 1, 1, 0]));

        _ = Estimate.OfScore(arm, terms);
        _ = Judge(reference, arm, terms);

        // Two arms: all items, and each draw.
        Assert.Equal(2 * (1 + 100), scored);
    }

    [Fact]
    public void Judge_AScoreThatFewDrawsHave_CannotBeJudged()
    {
        double[] outcomes = [1, .. new double[9]];
        var terms = new VerdictTerms { ScoreOfItems = (all, drawn) => drawn.Count(i => all[i] == 1) is 1 ? 0.5 : double.NaN };

        var verdict = Judge(Items("LoRA", outcomes, outcomes), Items("block", outcomes, outcomes), terms);

        Assert.Equal((Conclusion.NotJudged, null), (verdict.Conclusion, verdict.P));
        Assert.Contains("for most draws of the items there is no score", verdict.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void OfScore_AnArm_HasTheIntervalOfItsSeedsAndItems()
    {
        var arm = Items("LoRA", OfSeeds(seed => Outcomes(400, seed, 0.3)));

        var estimate = Estimate.OfScore(arm, new VerdictTerms());

        var share = Outcomes(400, 0, 0.3).Average();
        Assert.Equal(share, estimate.Value, 0.05);
        Assert.InRange(estimate.Interval.High - estimate.Value, 0.01, 0.2);
        Assert.Equal(estimate.Value - estimate.Interval.Low, estimate.Interval.High - estimate.Value, Rounding);
        Assert.Equal(double.NaN, Estimate.OfValues([1]).Interval.Low);
    }

    [Fact]
    public void Judge_OtherSeedsOrItems_AreRefusedByName()
    {
        var reference = Items("LoRA", [1, 0], [1, 1]);

        var seeds = Assert.Throws<ConfigException>(() => Judge(reference, Items("block", [1, 0]), new VerdictTerms()));
        var items = Assert.Throws<ConfigException>(() => Judge(reference, Items("block", [1, 0, 1], [1, 1, 1]), new VerdictTerms()));
        var none = Assert.Throws<ConfigException>(() => Judge(reference, Scores("block", 1, 2), new VerdictTerms()));

        Assert.Contains("'block' has the seeds 1 and 'LoRA' the seeds 1, 2", seeds.Message, StringComparison.Ordinal);
        Assert.Contains("'block' has 3 items and 'LoRA' 2 items", items.Message, StringComparison.Ordinal);
        Assert.Contains("'block' has scores without items", none.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Judge_OneScoreOfEach_CannotBeJudged()
    {
        var verdict = Judge(Scores("LoRA", 1), Scores("block", 2), _terms);

        Assert.Equal(Conclusion.NotJudged, verdict.Conclusion);
        Assert.Null(verdict.P);
        Assert.Equal("block cannot be judged against LoRA: one score of each says nothing of chance", verdict.Sentence);
    }

    [Theory]
    [InlineData(0, 0.05, 0.8)]
    [InlineData(0.1, 0, 0.8)]
    [InlineData(0.1, 0.05, 0.01)]
    public void Judge_TermsOutOfRange_AreRefused(double margin, double significance, double power)
    {
        var terms = new VerdictTerms { Margin = margin, Significance = significance, Power = power };

        Assert.Throws<ConfigException>(() => Judge(Scores("LoRA", 1, 2), Scores("block", 2, 3), terms));
    }

    private static double[][] OfSeeds(Func<int, IEnumerable<double>> outcomes) =>
        [.. Enumerable.Range(0, 3).Select(seed => outcomes(seed).ToArray())];

    private static IEnumerable<double> Outcomes(int items, int seed, double more) =>
        Enumerable.Range(0, items).Select(i => Math.Sin((i * 12.9898) + (seed * 78.233)) + Math.Sin(i) + more > 0 ? 1.0 : 0);

    private static Verdict Judge(ArmScores reference, ArmScores arm, VerdictTerms terms) =>
        Assert.Single(Verdicts.Judge(reference, [arm], terms));

    private static ArmScores Scores(string name, params double[] scores) =>
        ArmScores.OfScores(name, scores.Select((score, i) => (i, score)).ToDictionary(seed => seed.i + 1L, seed => seed.score));

    private static ArmScores Items(string name, params double[][] outcomes) => ArmScores.OfItems(
        name, Enumerable.Range(0, outcomes.Length).ToDictionary(i => i + 1L, i => (IReadOnlyList<double>)outcomes[i]));
}
