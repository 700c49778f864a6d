using ResLora.Models;
using ResLora.Tests.Models;
using ResLora.Tests.Support;
using ResLora.Text.Data;
using ResLora.Training.Objectives;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Training.Objectives;

public sealed class MaskedTokenObjectiveTests
{
    private const int MaskId = 4;
    private const double Tolerance = 1e-5;   // float32, and kernels that depend on the shape of a batch

    [Fact]
    public void Collate_ManyTokens_HidesTheSharesOfTheRecipe()
    {
        using var scope = NewDisposeScope();
        using var model = TinyBert.Create("roberta", ModelHead.MaskedTokens);
        var sample = Sample(Enumerable.Repeat(20, 20000));
        random.manual_seed(3);

        using var batch = new MaskedTokenObjective(model, MaskId).Collate([sample]);

        var ids = batch.Ids.data<long>().ToArray();
        var hidden = batch.Positions.data<long>().ToArray();
        // Four standard deviations: √(p (1 − p) / n).
        Assert.Equal(0.15, hidden.Length / 20000.0, 0.01);
        Assert.Equal(0.8, hidden.Count(t => ids[t] == MaskId) / (double)hidden.Length, 0.03);
        // A random token may be the mask or the right one: 27 of 29 are neither.
        Assert.Equal(0.1 * 27 / 29, hidden.Count(t => ids[t] is not MaskId and not 20) / (double)hidden.Length, 0.022);
        Assert.All(Enumerable.Range(0, ids.Length).Except(hidden.Select(t => (int)t)), t => Assert.Equal(sample.Ids[t], ids[t]));
        Assert.All(batch.Targets.data<long>().ToArray(), target => Assert.Equal(20, target));
    }

    [Fact]
    public void Collate_SpecialTokens_StayAndAreNotPredicted()
    {
        using var scope = NewDisposeScope();
        using var model = TinyBert.Create("roberta", ModelHead.MaskedTokens);
        var objective = new MaskedTokenObjective(model, MaskId);
        var sample = Sample(Enumerable.Range(5, 20));

        for (var i = 0; i < 50; i++)
        {
            using var batch = objective.Collate([sample, Sample([9])]);

            Assert.DoesNotContain(0L, batch.Positions.data<long>().ToArray());
            Assert.DoesNotContain(21L, batch.Positions.data<long>().ToArray());
            Assert.Equal((0, 2), (batch.Ids[0, 0].item<long>(), batch.Ids[0, 21].item<long>()));
            // The only token of the second text is hidden every time: a text teaches something.
            Assert.Contains(23L, batch.Positions.data<long>().ToArray());
        }
    }

    [Fact]
    public void Collate_SameGeneratorState_MasksTheSameAndLaterOthers()
    {
        using var scope = NewDisposeScope();
        using var model = TinyBert.Create("roberta", ModelHead.MaskedTokens);
        var objective = new MaskedTokenObjective(model, MaskId);
        TokenizedSample[] samples = [Sample(Enumerable.Range(5, 24).Concat(Enumerable.Range(5, 10)))];
        long[] Draw()
        {
            using var batch = objective.Collate(samples);
            return batch.Ids.data<long>().ToArray();
        }

        random.manual_seed(9);
        var (first, second) = (Draw(), Draw());
        random.manual_seed(9);
        var again = Draw();

        Assert.Equal(first, again);
        Assert.NotEqual(first, second);
    }

    [Fact]
    public void Measure_HeldOutTexts_MasksThemTheSameWayEveryTime()
    {
        using var model = TinyBert.Create("roberta", ModelHead.MaskedTokens);
        var objective = new MaskedTokenObjective(model, MaskId);
        var samples =
            Enumerable.Range(0, 6).Select(i => Sample(Enumerable.Range(5 + i, 4 + (3 * i)).Select(id => 5 + (id % 24)))).ToArray();

        var once = objective.Measure(samples, 4, TestContext.Current.CancellationToken);
        random.manual_seed(77);
        var again = objective.Measure(samples, 1, TestContext.Current.CancellationToken);

        Assert.Equal(objective.Metrics, once.Keys);
        Assert.Equal(once["eval_loss"], again["eval_loss"], Tolerance);
        Assert.Equal(Math.Exp(once["eval_loss"]), once["eval_perplexity"], Tolerance);
    }

    [Fact]
    public void LossSum_HiddenTokens_IsTheSumOfMinusLogSoftmaxAtTheirPlaces()
    {
        using var scope = NewDisposeScope();
        using var model = TinyBert.Create("roberta", ModelHead.MaskedTokens);
        var objective = new MaskedTokenObjective(model, MaskId);

        using var batch = objective.Collate([Sample(Enumerable.Range(5, 20)), Sample(Enumerable.Range(8, 6))]);
        var sum = objective.LossSum(batch).item<float>();

        var scores = TinyBert.Predict(model, batch.Ids, batch.TokenMask).log_softmax(-1).flatten(0, 1);   // [B, T, V] -> [B·T, V]
        var expected = batch.Positions.data<long>().ToArray().Zip(batch.Targets.data<long>().ToArray()).Sum(
            pair => -scores[pair.First, pair.Second].item<float>());
        Assert.Equal(expected, sum, Tolerance * 10);
    }

    [Fact]
    public void CollateAndLossSum_AgainAndAgain_LeaveNothingBehind()
    {
        using var model = TinyBert.Create("roberta", ModelHead.MaskedTokens);
        var objective = new MaskedTokenObjective(model, MaskId);
        TokenizedSample[] samples = [Sample(Enumerable.Range(5, 20)), Sample([9])];
        void Once()
        {
            using var batch = objective.Collate(samples);
            objective.LossSum(batch).Dispose();
            objective.Measure(samples, 1, TestContext.Current.CancellationToken);
        }

        Once();

        Assert.Equal(0, LiveTensors.Growth(() =>
        {
            Once();
            Once();
        }));
    }

    /// <summary>Begin, tokens that may be hidden, end.</summary>
    private static TokenizedSample Sample(IEnumerable<int> tokens)
    {
        int[] inner = [.. tokens];
        return new TokenizedSample([0, .. inner, 2], [TokenizedSample.Masked, .. inner, TokenizedSample.Masked]);
    }
}
