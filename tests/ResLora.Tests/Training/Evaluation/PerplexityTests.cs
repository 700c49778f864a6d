using ResLora.Formats.Errors;
using ResLora.Models.Llama;
using ResLora.Text.Data;
using ResLora.Training.Evaluation;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Training.Evaluation;

public class PerplexityTests
{
    private const double Rounding = 1e-5;

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(100)]
    public void Measure_AnyBatchSize_IsTheMeanOverTrainedTokens(int batchSize)
    {
        using var model = TinyModel.Create();
        var samples = TinyModel.Samples(9);

        var measured = Perplexity.Measure(model, samples, 0, batchSize, stop: TestContext.Current.CancellationToken);

        var losses = samples.SelectMany(sample => LossesOneByOne(model, sample)).ToArray();
        Assert.Equal(losses.Length, measured.Tokens);
        Assert.Equal(losses.Average(), measured.Loss, Rounding);
        Assert.Equal(Math.Exp(measured.Loss), measured.Perplexity);
    }

    [Fact]
    public void Measure_ModelInTraining_LeavesItSo()
    {
        using var model = TinyModel.Create();
        model.train();

        Perplexity.Measure(model, TinyModel.Samples(2), 0, 2, stop: TestContext.Current.CancellationToken);

        Assert.True(model.training);
    }

    [Fact]
    public void Measure_NothingTrained_IsRefused()
    {
        using var model = TinyModel.Create();

        Assert.Throws<ConfigException>(
            () => Perplexity.Measure(model, [new TokenizedSample([1, 2], [-100, -100])], 0, 1, stop: TestContext.Current.CancellationToken));
    }

    /// <summary>The textbook way: all logits of one sample, softmax in double, label by label.</summary>
    private static List<double> LossesOneByOne(LlamaModel model, TokenizedSample sample)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var ids = tensor(sample.Ids.Select(id => (long)id).ToArray()).unsqueeze(0);
        var logits = model.Logits(model.Hidden(ids)).squeeze(0).to(float64);
        var losses = new List<double>();
        for (var t = 1; t < sample.Ids.Length; t++)
        {
            if (sample.Labels[t] != TokenizedSample.Masked)
            {
                var row = logits[t - 1].data<double>().ToArray();
                losses.Add(Math.Log(row.Sum(Math.Exp)) - row[sample.Labels[t]]);
            }
        }

        return losses;
    }
}
