using ResLora.Adapters;
using ResLora.Adapters.Layers;
using ResLora.Formats.Peft;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters.Toy;

/// <summary>A method of one's own in one file: ΔW = u vᵀ, whatever rank is asked for. PEFT does not know it.</summary>
internal sealed class ToyMethod : AdapterMethod
{
    public override string Name => "toy";

    public override string Title => "Toy";

    public override string? PeftType => null;

    public override IReadOnlyList<string> FactorNames { get; } = ["toy_v", "toy_u"];

    public override IReadOnlySet<string> PeftKeys { get; } = new HashSet<string>();

    public override AdapterBlock CreateBlock(LayerSite site, AdapterConfig config, Generator generator) =>
        new Block(site, config, generator);

    public override AdapterConfig ReadPeft(PeftConfig file, AdapterConfig config) => config;

    public override void WritePeft(AdapterConfig config, IDictionary<string, object?> keys)
    {
    }

    private sealed class Block : LowRankBlock
    {
        public Block(LayerSite site, AdapterConfig config, Generator generator) : base(site, config)
        {
            AddFactor("toy_v", rand(1, site.InFeatures, generator: generator));
            AddFactor("toy_u", zeros(site.OutFeatures, 1));
        }

        public override long LowWidth => 1;

        public override LoraPair Pair => new(Factors[0].Value, Factors[1].Value, Scaling);
    }
}
