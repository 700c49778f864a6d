using ResLora.Formats;
using static TorchSharp.torch;

namespace ResLora.Adapters.Methods.DyLora;

/// <summary>The equations of DyLoRA: of every rank b up to R, the first b rows of A and columns of B are a LoRA of their own.</summary>
/// <remarks>Valipour et al., arXiv:2210.07558, equation 7 and algorithm 1. Shape letters: docs/method.md.</remarks>
public static class DyLoraMath
{
    private const double Ratio = 0.85;

    /// <summary>The part of rank b: A_b the first b rows of A, B_b the first b columns of B, s = alpha / b.</summary>
    /// <param name="whole">A [R, Din] and B [Dout, R].</param>
    /// <param name="rank">b, from 1 to R.</param>
    /// <param name="alpha">The strength of the update.</param>
    /// <param name="frozen">Whether no gradient reaches the first b − 1 rows and columns.</param>
    /// <returns>Views, or new tensors where they are frozen, in the caller's dispose scope.</returns>
    public static LoraPair Cut(LoraPair whole, int rank, double alpha, bool frozen = false)
    {
        var scaling = LoraMath.Scaling(alpha, rank);
        return whole with { A = First(whole.A, 0, rank, frozen), B = First(whole.B, 1, rank, frozen), Scaling = scaling };
    }

    /// <summary>The rank that a step trains, the same for every block.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="step">The step, from 0.</param>
    /// <param name="rank">R.</param>
    /// <param name="distribution">How often each is drawn.</param>
    /// <returns>b, from 1 to R; always the same for the same arguments.</returns>
    public static int Draw(long seed, int step, int rank, RankDistribution distribution)
    {
        var share = new StableRandom(((ulong)seed * 0x9E3779B97F4A7C15) + (ulong)step).NextDouble();
        return distribution switch
        {
            RankDistribution.Uniform => 1 + (int)(share * rank),
            // The sum of the first b shares is (1 − q^b) / (1 − q^R).
            RankDistribution.Geometric => Math.Min(rank, 1 + (int)(Math.Log(1 - (share * (1 - Math.Pow(Ratio, rank)))) / Math.Log(Ratio))),
            _ => throw new ArgumentOutOfRangeException(nameof(distribution), distribution, "There is no such distribution."),
        };
    }

    private static Tensor First(Tensor factor, int dimension, int count, bool frozen)
    {
        if (!frozen || count == 1)
        {
            return factor.narrow(dimension, 0, count);   // [R, …] -> [b, …]
        }

        var still = factor.narrow(dimension, 0, count - 1).detach();
        return cat([still, factor.narrow(dimension, count - 1, 1)], dimension);   // [b − 1, …], [1, …] -> [b, …]
    }
}
