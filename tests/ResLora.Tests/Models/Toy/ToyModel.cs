using ResLora.Models;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Toy;

/// <summary>A family of the smallest kind: rows of numbers in, rows of numbers out, no token anywhere.</summary>
public sealed class ToyModel : Network
{
    public const int Width = 6;

    private readonly nn.Module<Tensor, Tensor> _first = nn.Linear(Width, 2 * Width, device: META);
    private readonly nn.Module<Tensor, Tensor> _second = nn.Linear(2 * Width, Width, device: META);

    public ToyModel() : base(nameof(ToyModel))
    {
        register_module("first", _first);
        register_module("second", _second);
    }

    public override int LayerCount => 1;

    public override ScalarType DataType => parameters().First().dtype;

    public override Device Device => parameters().First().device;

    public override IReadOnlyList<string> UsualTargets => ["first", "second"];

    public override IReadOnlyList<KeyValuePair<string, string>> Facts => [new("architecture", "toy")];

    /// <summary>The registers are filled by the constructor, under the names of checkpoints.</summary>
    protected override void RegisterComponents()
    {
    }

    public Tensor Forward(Tensor rows)   // [N, D] -> [N, D]
    {
        using var scope = NewDisposeScope();
        using var pass = Begin(null);
        return _second.call(_first.call(rows).relu()).MoveToOuterDisposeScope();
    }
}
