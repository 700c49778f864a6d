using ResLora.Formats;
using ResLora.Formats.Errors;
using static TorchSharp.torch;

namespace ResLora.Experiments.Inspection.Adapters;

/// <summary>What can be said of an update by its factors alone.</summary>
/// <param name="Module">The module's name in the file.</param>
/// <param name="Rank">R, the rows of A.</param>
/// <param name="EffectiveRank">
/// How many directions the update really has: e to the power of the entropy of its singular values σ/Σσ, from 1 to R (Roy and Vetterli
/// 2007); 0 for an update that is zero or no number.
/// </param>
/// <param name="Norm">‖B A‖_F, without the scaling.</param>
/// <param name="BadNumbers">How many numbers of both factors are NaN or infinite.</param>
public sealed record BlockHealth(string Module, long Rank, double EffectiveRank, double Norm, long BadNumbers)
{
    /// <summary>What its layer does: the last part of its name, where there are several of a kind.</summary>
    public string Role => RoleOf(Module);

    /// <summary>What a layer does, by a name in a file.</summary>
    /// <param name="module">The name.</param>
    /// <returns>The last part of it, such as <c>q_proj</c>, <c>to_out.0</c> or, of kohya's names, <c>attn1_to_q</c>.</returns>
    internal static string RoleOf(string module)
    {
        const string weight = ".weight";
        var name = module.EndsWith(weight, StringComparison.Ordinal) ? module[..^weight.Length] : module;
        if (name.Contains('.', StringComparison.Ordinal))
        {
            return LayerRole.LastPart(name);
        }

        // Names of kohya's files have no dots: layers_3_self_attn_q_proj.
        var parts = name.Split('_');
        var number = parts.Length < 2 ? -1 : Array.FindLastIndex(
            parts, parts.Length - 2, part => part.Length > 0 && part.All(char.IsAsciiDigit));
        return string.Join('_', parts[(number + 1)..]);
    }

    /// <summary>Whether the update is zero, as that of a block which no gradient has reached.</summary>
    public bool IsDead => BadNumbers == 0 && Norm == 0;

    /// <summary>Looks at a pair.</summary>
    /// <param name="pair">The factors.</param>
    /// <returns>What was seen.</returns>
    /// <exception cref="FileFormatException">The factors do not fit each other, or the file breaks off.</exception>
    internal static BlockHealth Of(StoredPair pair)
    {
        using var scope = NewDisposeScope();
        var a = pair.ReadA().to(float32).flatten(1);   // [R, Din] or [R, Cin, kh, kw] -> [R, N]
        var b = pair.ReadB().to(float32).flatten(1);   // [Dout, R] or [Dout, R, 1, 1] -> [Dout, R]
        var rank = a.shape[0];
        if (b.shape[1] != rank)
        {
            throw new FileFormatException(
                $"'{pair.Module}': A is [{string.Join(", ", a.shape)}] and B is [{string.Join(", ", b.shape)}]; they must be [R, in] and [out, R].");
        }

        var bad = Bad(a) + Bad(b);
        if (bad > 0)
        {
            return new BlockHealth(pair.Module, rank, 0, double.NaN, bad);
        }

        // The singular values of B A are those of the small R_B R_Aᵀ, where B = Q_B R_B and Aᵀ = Q_A R_A.
        var (_, ofB) = linalg.qr(b);                                              // [Dout, R] -> [R', R]
        var (_, ofA) = linalg.qr(a.t().contiguous());                             // [N, R] -> [R'', R]
        var values = linalg.svdvals(ofB.matmul(ofA.t())).to(float64);             // [min(R', R'')]
        var sum = values.sum().item<double>();
        var norm = Math.Sqrt(values.square().sum().item<double>());
        return new BlockHealth(pair.Module, rank, sum > 0 ? Effective(values / sum) : 0, norm, 0);
    }

    private static double Effective(Tensor shares)
    {
        var there = shares[shares > 0];
        return Math.Exp(-(there * there.log()).sum().item<double>());
    }

    private static long Bad(Tensor x) => x.numel() - x.isfinite().sum().item<long>();
}
