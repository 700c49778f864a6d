using ResLora.Adapters;
using ResLora.Models;
using ResLora.Models.UNet;
using ResLora.Training.Loop;
using TorchSharp.Modules;
using static TorchSharp.torch;
using AdamW = ResLora.Training.Loop.AdamW;

namespace ResLora.Benchmarks.Subjects;

/// <summary>A UNet of Stable Diffusion with random weights and an adapter on its attention, on one batch of noisy latents.</summary>
internal sealed class UNetStep : IDisposable
{
    private const double LearningRate = 1e-4;
    private const int TextTokens = 77;

    private readonly UNetModel _unet;
    private readonly AdamW _optimizer;
    private readonly Tensor _latents;
    private readonly Tensor _target;
    private readonly Tensor _timesteps;
    private readonly Tensor _text;

    /// <param name="config">The network.</param>
    /// <param name="shortcut">The kind of shortcut.</param>
    /// <param name="batch">B.</param>
    public UNetStep(UNetConfig config, ShortcutKind shortcut, int batch)
    {
        _unet = new UNetModel(config);
        ModelWeights.Initialize(_unet, 0.02, seed: 0, ScalarType.Float32, CPU);
        using var generator = new Generator(0, CPU);
        var size = config.SampleSize!.Value;
        _latents = randn([batch, config.InChannels, size.Height, size.Width], generator: generator);   // [B, C, Y, X]
        _target = randn(_latents.shape, generator: generator);
        _timesteps = arange(batch, dtype: int64) * 7;                                                  // [B]
        _text = randn([batch, TextTokens, _unet.TextWidth], generator: generator);                     // [B, S, D]
        ForwardFlops = Count();
        var adapted = AdaptedModel.Inject(
            _unet, new AdapterConfig { Targets = TargetModules.Suffixes([.. _unet.UsualTargets]), Rank = 4, Shortcut = new ShortcutConfig { Kind = shortcut } });
        _unet.BeginForward = adapted.BeginPass;
        _unet.train();
        _optimizer = new AdamW(adapted.TrainableParameters(), new TrainConfig());
    }

    /// <summary>Multiplications and additions of all convolutions and linear layers forward; those of attention are not counted.</summary>
    public double ForwardFlops { get; }

    /// <summary>One optimizer step.</summary>
    public void Run()
    {
        using var scope = NewDisposeScope();
        (_unet.Forward(_latents, _timesteps, _text) - _target).square().mean().backward();   // [B, C, Y, X]
        _optimizer.Step(LearningRate);
        _optimizer.ZeroGradients();
    }

    /// <summary>One forward pass, as a picture is made.</summary>
    public void Forward()
    {
        using var noGradient = no_grad();
        _unet.Forward(_latents, _timesteps, _text).Dispose();
    }

    /// <summary>Frees everything.</summary>
    public void Dispose()
    {
        _optimizer.ZeroGradients();
        _optimizer.Dispose();
        _unet.Dispose();
        foreach (var tensor in new[] { _latents, _target, _timesteps, _text })
        {
            tensor.Dispose();
        }
    }

    /// <summary>Watches one pass: every number of an output takes as many products as a row of the weight has numbers.</summary>
    private double Count()
    {
        var flops = 0.0;
        var removals = new List<Action>();
        foreach (var (_, module) in _unet.named_modules())
        {
            if (((module as Linear)?.weight ?? (module as Convolution)?.weight) is not { } weight)
            {
                continue;
            }

            var row = (double)weight.numel() / weight.shape[0];
            var hook = ((nn.Module<Tensor, Tensor>)module).register_forward_hook((_, _, output) =>
            {
                flops += 2 * row * output.numel();
                return output;
            });
            removals.Add(hook.remove);
        }

        Forward();
        removals.ForEach(remove => remove());
        return flops;
    }
}
