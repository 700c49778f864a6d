using ResLora.Models;
using ResLora.Tests.Models;
using ResLora.Tests.Support;
using ResLora.Text.Data;
using ResLora.Text.Data.Labelling;
using ResLora.Training.Evaluation;
using ResLora.Training.Objectives;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Training.Objectives;

public sealed class TextLabelObjectiveTests
{
    private const double Tolerance = 1e-5;   // float32, and kernels that depend on the shape of a batch

    [Fact]
    public void Collate_PairsOfUnequalLength_PadsIdsAndTypesAndPointsAtFirstTokens()
    {
        using var scope = NewDisposeScope();
        using var model = TinyBert.Create("bert");
        var objective = Classification(model);

        using var batch = (TokenBatch)objective.Collate([Sample([2, 7, 3, 9, 3], 1, [0, 0, 0, 1, 1]), Sample([2, 8, 3], 0)]);

        Assert.Equal([2, 7, 3, 9, 3, 2, 8, 3, 0, 0], batch.Ids.data<long>().ToArray());
        Assert.Equal([1, 1, 1, 1, 1, 1, 1, 1, 0, 0], batch.TokenMask!.data<long>().ToArray());
        Assert.Equal([0, 0, 0, 1, 1, 0, 0, 0, 0, 0], batch.TypeIds!.data<long>().ToArray());
        Assert.Equal([0, 5], batch.Positions.data<long>().ToArray());
        Assert.Equal([1, 0], batch.Targets.data<long>().ToArray());
    }

    [Fact]
    public void LossSum_Labels_IsTheSumOfMinusLogSoftmax()
    {
        using var scope = NewDisposeScope();
        using var model = TinyBert.Create("roberta", ModelHead.OfOutputs(3));
        var objective = new TextLabelObjective(model, LabelledTaskRegistry.Get("classification"), new LabelSet(model.Head.Labels));
        TokenizedSample[] samples = [Sample([0, 7, 9, 2], 2), Sample([0, 8, 2], 0), Sample([0, 11, 12, 13, 14, 2], 1)];

        using var batch = objective.Collate(samples);
        var sum = objective.LossSum(batch).item<float>();

        var expected = samples.Sum(sample =>
        {
            var scores = TinyBert.Predict(model, tensor(sample.Ids.Select(id => (long)id).ToArray()).unsqueeze(0)).data<float>().ToArray();
            return Math.Log(scores.Sum(score => Math.Exp(score))) - scores[(int)sample.Target!.Value];
        });
        Assert.Equal(expected, sum, Tolerance * 10);
    }

    [Fact]
    public void LossSum_Scores_IsTheSumOfSquares()
    {
        using var scope = NewDisposeScope();
        using var model = TinyBert.Create("bert", ModelHead.Score);
        var objective = new TextLabelObjective(model, LabelledTaskRegistry.Get("regression"), null);
        TokenizedSample[] samples = [Sample([2, 7, 9, 3], 2.5), Sample([2, 8, 3], -1)];

        using var batch = objective.Collate(samples);
        var sum = objective.LossSum(batch).item<float>();

        var expected = samples.Sum(sample =>
            Math.Pow(
                TinyBert.Predict(
                    model, tensor(sample.Ids.Select(id => (long)id).ToArray()).unsqueeze(0)).item<float>() - sample.Target!.Value,
                2));
        Assert.Equal(expected, sum, Tolerance * 10);
    }

    [Fact]
    public void Measure_AnyBatchSize_GivesTheSame()
    {
        using var model = TinyBert.Create("roberta");
        var objective = Classification(model);
        var samples = Enumerable.Range(0, 7).Select(i => Sample([0, .. Enumerable.Range(5, 1 + (i * 3 % 5)), 2], i % 2)).ToArray();

        var one = objective.Measure(samples, 1, TestContext.Current.CancellationToken);
        var four = objective.Measure(samples, 4, TestContext.Current.CancellationToken);

        Assert.Equal(["eval_accuracy", "eval_loss", "eval_macro_f1", "eval_score"], one.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(objective.Metrics.Order(StringComparer.Ordinal), one.Keys.Order(StringComparer.Ordinal));
        Assert.All(one, metric => Assert.Equal(metric.Value, four[metric.Key], Tolerance));
    }

    [Fact]
    public void Predict_SamplesOfUnequalLength_KeepsTheirOrder()
    {
        using var model = TinyBert.Create("roberta");
        var objective = Classification(model);
        TokenizedSample[] samples = [Sample([0, 11, 12, 13, 14, 2], null), Sample([0, 7, 2], null), Sample([0, 8, 9, 2], null)];

        var together = objective.Predict(samples, 2, TestContext.Current.CancellationToken);

        Assert.All(samples.Zip(together), pair =>
        {
            var alone = objective.Predict([pair.First], 1, TestContext.Current.CancellationToken)[0];
            Assert.Equal(alone[0], pair.Second[0], Tolerance);
            Assert.Equal(alone[1], pair.Second[1], Tolerance);
        });
        Assert.NotEqual(together[0][0], together[1][0], Tolerance);
    }

    [Fact]
    public void TargetsOf_SampleWithoutALabel_IsNone()
    {
        using var model = TinyBert.Create("roberta");
        var objective = Classification(model);

        Assert.Equal((1, 0), (objective.TargetsOf(Sample([0, 2], 1)), objective.TargetsOf(Sample([0, 2], null))));
    }

    [Fact]
    public void LossSumAndMeasure_AgainAndAgain_LeaveNothingBehind()
    {
        using var model = TinyBert.Create("bert");
        var objective = Classification(model);
        TokenizedSample[] samples = [Sample([2, 7, 3, 9, 3], 1, [0, 0, 0, 1, 1]), Sample([2, 8, 3], 0)];
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

    private static TextLabelObjective Classification(EncoderModel model) =>
        new(model, LabelledTaskRegistry.Get("classification"), new LabelSet(["no", "yes"]));

    private static TokenizedSample Sample(int[] ids, double? target, int[]? types = null) =>
        new(ids, []) { Target = target, TypeIds = types };
}
