using static TorchSharp.torch;

namespace ResLora.Adapters.Merging;

/// <summary>
/// What the calibrated merges know of a group of blocks that read one input: S = Σ x xᵀ, shared, and of each block C = Σ r xᵀ and two sums.
/// float64, so that long calibrations lose nothing to rounding.
/// </summary>
internal sealed class Moments : IDisposable
{
    private readonly Dictionary<AdapterBlock, Sums> _sums = [];
    private readonly Tensor? _inputs;

    /// <param name="blocks">The blocks of the group.</param>
    /// <param name="withMatrices">Whether S and C are gathered; the projection needs the sums alone.</param>
    public Moments(IReadOnlyList<AdapterBlock> blocks, bool withMatrices)
    {
        var (width, device) = (blocks[0].InFeatures, blocks[0].Site.FactorDevice);
        _inputs = withMatrices ? zeros([width, width], float64, device).DetachFromDisposeScope() : null;
        foreach (var block in blocks)
        {
            _sums[block] = new Sums(withMatrices ? zeros([block.LowWidth, width], float64, device).DetachFromDisposeScope() : null);
        }
    }

    /// <summary>S [Din, Din].</summary>
    public Tensor Inputs => _inputs!;

    /// <summary>C of a block, [R, Din].</summary>
    public Tensor Cross(AdapterBlock block) => _sums[block].Cross!;

    /// <summary>Σ⟨A_n x_n, r_n⟩ and Σ‖A_n x_n‖² of a block.</summary>
    public (double Dot, double Square) Scalars(AdapterBlock block) => (_sums[block].Dot, _sums[block].Square);

    /// <summary>The bytes that S and C of a group take.</summary>
    public static long BytesOf(IReadOnlyList<AdapterBlock> blocks) =>
        sizeof(double) * blocks[0].InFeatures * (blocks[0].InFeatures + blocks.Sum(b => b.LowWidth));

    /// <summary>Adds a batch's inputs to S.</summary>
    /// <param name="x">[N, Din] float64, borrowed.</param>
    public void AddInputs(Tensor x)
    {
        using var scope = NewDisposeScope();
        _inputs?.addmm_(x.t(), x);   // [Din, N] · [N, Din]
    }

    /// <summary>Adds what a block wants of the batch.</summary>
    /// <param name="block">The block.</param>
    /// <param name="x">[N, Din] float64, borrowed.</param>
    /// <param name="low">What B_n saw in the unmerged model, [N, R] float64, borrowed.</param>
    public void Add(AdapterBlock block, Tensor x, Tensor low)
    {
        using var scope = NewDisposeScope();
        var sums = _sums[block];
        var ownLow = block.OwnLow(x);                     // [N, Din] -> [N, R]
        var rest = low - ownLow * block.OwnWeight;        // r_n, [N, R]
        sums.Cross?.addmm_(rest.t(), x);                  // [R, N] · [N, Din] -> [R, Din]
        sums.Dot += (ownLow * rest).sum().item<double>();
        sums.Square += ownLow.square().sum().item<double>();
    }

    public void Dispose()
    {
        _inputs?.Dispose();
        foreach (var sums in _sums.Values)
        {
            sums.Cross?.Dispose();
        }
    }

    private sealed class Sums(Tensor? cross)
    {
        public Tensor? Cross { get; } = cross;

        public double Dot { get; set; }

        public double Square { get; set; }
    }
}
