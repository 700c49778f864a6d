using ResLora.Models;
using static TorchSharp.torch;

namespace ResLora.Tests.Training.Toy;

/// <summary>Points in, values out: three layers that shortcuts can join, and a head.</summary>
internal sealed class ToyNetwork : Network
{
    public const int Width = 4;

    private readonly TorchSharp.Modules.ModuleList<nn.Module> _layers = nn.ModuleList<nn.Module>(
        [.. Enumerable.Range(0, 3).Select(_ => new Layer())]);
    private readonly nn.Module<Tensor, Tensor> _head = nn.Linear(Width, 1, device: META);

    /// <summary>On the meta device, as a family builds it.</summary>
    public ToyNetwork() : base(nameof(ToyNetwork))
    {
        register_module("layers", _layers);
        register_module("head", _head);
    }

    public ToyNetwork(long seed) : this() => ModelWeights.Initialize(this, 0.5, seed, ScalarType.Float32, CPU);

    public override int LayerCount => 3;

    public override ScalarType DataType => ScalarType.Float32;

    public override Device Device => parameters().First().device;

    public override IReadOnlyList<string> UsualTargets => ["mix"];

    protected override void RegisterComponents()
    {
    }

    public Tensor Predict(Tensor points)   // [B, D] -> [B, 1]
    {
        using var scope = NewDisposeScope();
        using var pass = Begin(null);
        var hidden = points.alias();
        foreach (var layer in _layers.Cast<Layer>())
        {
            hidden = layer.call(hidden);
        }

        return _head.call(hidden).MoveToOuterDisposeScope();
    }

    private sealed class Layer : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> _mix = nn.Linear(Width, Width, device: META);

        public Layer() : base(nameof(Layer)) => register_module("mix", _mix);

        // As above: one name a layer.
        protected override void RegisterComponents()
        {
        }

        public override Tensor forward(Tensor input) => _mix.call(input).tanh();
    }
}
