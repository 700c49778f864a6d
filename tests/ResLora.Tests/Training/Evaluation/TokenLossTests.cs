using ResLora.Adapters;
using ResLora.Training.Evaluation;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Training.Evaluation;

public sealed class TokenLossTests
{
    // Sums of squares of float32 in another order.
    private const double Tolerance = 1e-5;

    [Fact]
    public void Sum_PaddedBatch_ShowsObserversTheInputsOfItsTextsAlone()
    {
        using var scope = NewDisposeScope();
        using var bench = new TrainingBench(ShortcutKind.Input);
        bench.Model.BeginForward = mask => bench.Adapter!.BeginPass(mask);
        var texts = TinyModel.Samples(4);
        double MeanSquare(params IEnumerable<IReadOnlyList<ResLora.Text.Data.TokenizedSample>> batches)
        {
            var observer = new SquareObserver();
            using (bench.Adapter!.Observe(observer))
            {
                foreach (var batch in batches)
                {
                    using var collated = TokenBatch.Collate(batch, 0, CPU);
                    TokenLoss.Sum(bench.Model, collated).Dispose();
                }
            }

            return observer.Mean;
        }

        var alone = MeanSquare(texts.Select(text => new[] { text }));
        var padded = MeanSquare(texts);

        Assert.True(texts.Select(text => text.Ids.Length).Distinct().Count() > 1, "nothing would be padded");
        Assert.Equal(alone, padded, alone * Tolerance);
    }

    /// <summary>The mean of ‖x‖² over the tokens that the mask leaves.</summary>
    private sealed class SquareObserver : IActivationObserver
    {
        private Tensor? _mask;
        private double _sum;
        private long _tokens;

        public double Mean => _sum / _tokens;

        public void BeginPass(Tensor? tokenMask) => _mask = tokenMask;

        public void Observe(AdapterBlock block, Tensor input, Tensor? low)
        {
            using var scope = NewDisposeScope();
            var mask = (_mask ?? ones(input.shape[0], input.shape[1])).to(float32);
            _sum += (input.square().sum(-1) * mask).sum().item<float>();   // [B, T, D] -> [B, T]
            _tokens += mask.sum().to(int64).item<long>();
        }
    }
}
