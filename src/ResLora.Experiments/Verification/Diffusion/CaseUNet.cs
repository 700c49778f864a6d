using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Models.Diffusion;
using ResLora.Tensors;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Experiments.Verification.Diffusion;

/// <summary>A network that denoises latents: latents, noise, times and texts go in, and the noise or the velocity is expected.</summary>
internal sealed class CaseUNet : CaseNetwork
{
    private const string Latents = "latents";
    private const string Sample = "sample";
    private const string Timesteps = "timesteps";
    private const string Text = "encoder_hidden_states";

    private readonly Denoiser _model;
    private readonly NoiseSchedule _noise;
    private readonly double _limit;
    private readonly Dictionary<string, Tensor> _parts = new(StringComparer.Ordinal);
    private Tensor? _text;

    private CaseUNet(Denoiser model, SafetensorsReader inputs, NoiseSchedule noise, double limit) : base(inputs)
    {
        (_model, _noise, _limit) = (model, noise, limit);
        model.Watch = (name, output) => _parts["hidden_states." + name] = output.detach().DetachFromDisposeScope();
    }

    public override Network Model => _model;

    public override bool HasPadding => false;

    public override IEnumerable<KeyValuePair<string, Tensor>> FollowedInputs => [new(Text, _text!)];

    /// <summary>Takes a network and the inputs, schedule and settings that go with it.</summary>
    /// <param name="model">The network; from now on the case's own, freed where this fails.</param>
    /// <param name="inputs">inputs.safetensors, borrowed.</param>
    /// <param name="folder">The case's folder, with scheduler_config.json.</param>
    /// <param name="file">Its case.json, with "snr_gamma".</param>
    public static CaseUNet Of(Denoiser model, SafetensorsReader inputs, string folder, CaseFile file)
    {
        try
        {
            var limit = file.SignalLimit is > 0 and var gamma
                ? gamma
                : throw new FileFormatException("case.json: a UNet's case needs \"snr_gamma\", a number above 0.");
            return new CaseUNet(
                model, inputs, new NoiseSchedule(SchedulerConfig.Read(Path.Combine(folder, "scheduler_config.json"))), limit);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    public override void Check(string prefix)
    {
        using var scope = NewDisposeScope();
        string[] pictures = prefix.Length == 0 ? [Latents, "noise"] : [Sample];
        var shape = Inputs.Read(prefix + pictures[0]).shape;
        foreach (var name in pictures)
        {
            Shapes.Require(Real(prefix + name), prefix + name, Shapes.Any, _model.LatentChannels, Shapes.Any, Shapes.Any);
            Shapes.Require(Inputs.Read(prefix + name), prefix + name, shape);
        }

        Shapes.Require(Integers(prefix + Timesteps, 0, _noise.TrainTimesteps - 1), prefix + Timesteps, shape[0]);
        Shapes.Require(Real(prefix + Text), prefix + Text, shape[0], Shapes.Any, _model.TextWidth);
    }

    public override Tensor Hidden(string prefix)
    {
        _text = Inputs.Read(prefix + Text).requires_grad_(is_grad_enabled());
        var latents = prefix.Length == 0 ? Noisy() : Inputs.Read(prefix + Sample);
        return _model.Forward(latents, Inputs.Read(prefix + Timesteps), _text);
    }

    public override Tensor? Mask(string prefix) => null;

    public override Tensor Logits(Tensor hidden) => hidden.alias();

    public override Tensor Loss(Tensor logits) => nn.functional.mse_loss(logits, Target());

    public override IEnumerable<KeyValuePair<string, Tensor>> Besides(Tensor outputs)
    {
        var errors = (outputs - Target()).square().flatten(1).mean([1]);   // [B, C, Y, X] -> [B]
        var weights = _noise.MinSnrWeights(Inputs.Read(Timesteps), _limit);
        return
        [
            .. _parts, new(Sample, outputs.alias()), new("noisy_latents", Noisy()), new("target", Target()),
            new("loss_min_snr", (errors * weights).mean().reshape(1)),
        ];
    }

    private Tensor Noisy() => _noise.AddNoise(Inputs.Read(Latents), Inputs.Read("noise"), Inputs.Read(Timesteps));

    private Tensor Target() => _noise.Target(Inputs.Read(Latents), Inputs.Read("noise"), Inputs.Read(Timesteps));

    private Tensor Real(string name)
    {
        var values = Inputs.Read(name);
        return values.is_floating_point() ? values : throw new FileFormatException(
            $"{Inputs.Path}: '{name}' must hold numbers with fractions.");
    }
}
