using ResLora.Models.Blocks;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.UNet;

/// <summary>The embedding of the time: sines and cosines of it, and two linear layers with SiLU between them.</summary>
internal sealed class UNetTimeEmbedding : Module
{
    private const double LongestPeriod = 10_000;

    private readonly UNetConfig _config;
    [ComponentName(Name = "linear_1")] private readonly Module<Tensor, Tensor> _entry;
    [ComponentName(Name = "linear_2")] private readonly Module<Tensor, Tensor> _exit;

    public UNetTimeEmbedding(UNetConfig config) : base(nameof(UNetTimeEmbedding))
    {
        _config = config;
        _entry = Slots.Linear(config.Channels[0], config.TimeWidth, bias: true);
        _exit = Slots.Linear(config.TimeWidth, config.TimeWidth, bias: true);
        RegisterComponents();
    }

    public Tensor Forward(Tensor timesteps, ScalarType dtype)   // [B] -> [B, E]
    {
        using var scope = NewDisposeScope();
        return _exit.call(functional.silu(_entry.call(Waves(timesteps).to(dtype)))).MoveToOuterDisposeScope();
    }

    /// <summary>cos(t ω_i) and sin(t ω_i) with ω_i = 10000^(−i / (n − shift)), i from 0 to n − 1, n half of the width.</summary>
    /// <remarks>Vaswani et al., arXiv:1706.03762, section 3.5, as diffusion models have it.</remarks>
    private Tensor Waves(Tensor timesteps)   // [B] -> [B, C]
    {
        var half = _config.Channels[0] / 2;
        var frequencies = (
            arange(half, dtype: float32, device: timesteps.device) * (-Math.Log(LongestPeriod) / (half - _config.FrequencyShift))).exp();
        var angles = timesteps.to(float32).unsqueeze(1) * frequencies;   // [B, C / 2]
        return _config.CosinesFirst ? cat([angles.cos(), angles.sin()], dim: -1) : cat([angles.sin(), angles.cos()], dim: -1);
    }
}
