// Puts ResLoRA on a network of your own, in a training loop of your own.
// Run it from the repository's root: dotnet run -c Release --project samples/csharp/OwnNetwork
// docs: begin
using ResLora.Adapters;
using ResLora.Adapters.Merging;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

random.manual_seed(1);
using var network = new Tower();
var adapted = AdaptedModel.Inject(network, new AdapterConfig
{
    Rank = 4,
    Alpha = 8,
    Targets = TargetModules.Suffixes("linear"),
    Shortcut = new ShortcutConfig { Kind = ShortcutKind.Block, PreviousCount = 2 },
});
using var optimizer = optim.AdamW(adapted.TrainableParameters().Select(parameter => parameter.Value), lr: 1e-2);
for (var step = 1; step <= 100; step++)
{
    using var scope = NewDisposeScope();
    optimizer.zero_grad();
    var inputs = randn(32, 16);
    using var pass = adapted.BeginPass();   // forgets the layers of the pass before
    var loss = functional.mse_loss(network.call(inputs), inputs.roll(1, 1));
    loss.backward();
    optimizer.step();
    if (step % 25 == 0)
    {
        Console.WriteLine($"step {step}: loss {loss.item<float>():0.0000}");
    }
}

using var merged = Merger.Merge(adapted, MergeMethod.Exact);
using var applied = merged.Apply();         // the network computes with the merged weights from here on

internal sealed class Tower : Module<Tensor, Tensor>
{
    private readonly TorchSharp.Modules.ModuleList<Layer> _layers = new([.. Enumerable.Range(0, 4).Select(_ => new Layer())]);

    public Tower()
        : base(nameof(Tower)) => register_module("layers", _layers);

    public override Tensor forward(Tensor input) => _layers.Aggregate(input, (state, layer) => layer.call(state));
}

internal sealed class Layer : Module<Tensor, Tensor>
{
    private readonly Module<Tensor, Tensor> _linear = Linear(16, 16);   // not as Linear, so that an adapter can take its place

    public Layer()
        : base(nameof(Layer)) => register_module("linear", _linear);

    public override Tensor forward(Tensor input) => input + functional.gelu(_linear.call(input));
}

// docs: end
