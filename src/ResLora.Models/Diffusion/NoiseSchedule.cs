using static TorchSharp.torch;

namespace ResLora.Models.Diffusion;

/// <summary>
/// How much noise a timestep has: xₜ = √ᾱₜ x₀ + √(1 − ᾱₜ) ε, with ᾱₜ = Π (1 − βₛ) over all s up to t.
/// </summary>
/// <remarks>Ho et al., arXiv:2006.11239, equations 2 and 4. Kept in double; what is computed of tensors is float32.</remarks>
public sealed class NoiseSchedule
{
    private readonly SchedulerConfig _config;
    private readonly double[] _alphas;

    /// <summary>Computes the schedule.</summary>
    /// <param name="config">The configuration, free of problems.</param>
    public NoiseSchedule(SchedulerConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        _config = config;
        Betas = [.. Enumerable.Range(0, config.TrainTimesteps).Select(BetaOf)];
        _alphas = new double[Betas.Count];
        var product = 1.0;
        for (var t = 0; t < _alphas.Length; t++)
        {
            product *= 1 - Betas[t];
            _alphas[t] = product;
        }
    }

    /// <summary>How many timesteps there are.</summary>
    public int TrainTimesteps => _config.TrainTimesteps;

    /// <summary>β of each timestep.</summary>
    public IReadOnlyList<double> Betas { get; }

    /// <summary>ᾱ of each timestep.</summary>
    public IReadOnlyList<double> AlphaBars => _alphas;

    /// <summary>What the network says of noisy latents.</summary>
    public PredictionType Prediction => _config.Prediction;

    /// <summary>xₜ = √ᾱₜ x₀ + √(1 − ᾱₜ) ε.</summary>
    /// <param name="latents">x₀, [B, ...], borrowed.</param>
    /// <param name="noise">ε, the same shape, borrowed.</param>
    /// <param name="timesteps">t, [B] int64, borrowed.</param>
    /// <returns>New tensor like the latents, owned by the caller.</returns>
    public Tensor AddNoise(Tensor latents, Tensor noise, Tensor timesteps)
    {
        ArgumentNullException.ThrowIfNull(latents);
        using var scope = NewDisposeScope();
        var (signal, rest) = Factors(timesteps, latents);
        return ((signal * latents) + (rest * noise)).MoveToOuterDisposeScope();
    }

    /// <summary>v = √ᾱₜ ε − √(1 − ᾱₜ) x₀.</summary>
    /// <param name="latents">As for <see cref="AddNoise"/>.</param>
    /// <param name="noise">As for <see cref="AddNoise"/>.</param>
    /// <param name="timesteps">As for <see cref="AddNoise"/>.</param>
    /// <returns>New tensor like the latents, owned by the caller.</returns>
    /// <remarks>Salimans and Ho, arXiv:2202.00512, section 4 and appendix D.</remarks>
    public Tensor Velocity(Tensor latents, Tensor noise, Tensor timesteps)
    {
        ArgumentNullException.ThrowIfNull(latents);
        using var scope = NewDisposeScope();
        var (signal, rest) = Factors(timesteps, latents);
        return ((signal * noise) - (rest * latents)).MoveToOuterDisposeScope();
    }

    /// <summary>What the network is to say.</summary>
    /// <param name="latents">As for <see cref="AddNoise"/>.</param>
    /// <param name="noise">As for <see cref="AddNoise"/>.</param>
    /// <param name="timesteps">As for <see cref="AddNoise"/>.</param>
    /// <returns>New tensor like the latents, owned by the caller.</returns>
    public Tensor Target(Tensor latents, Tensor noise, Tensor timesteps)
    {
        ArgumentNullException.ThrowIfNull(latents);
        ArgumentNullException.ThrowIfNull(noise);
        return Prediction switch
        {
            PredictionType.Velocity => Velocity(latents, noise, timesteps),
            PredictionType.Sample => latents.clone(),
            _ => noise.clone(),
        };
    }

    /// <summary>ᾱₜ / (1 − ᾱₜ), the ratio of signal to noise.</summary>
    /// <param name="timesteps">t, [B] int64, borrowed.</param>
    /// <returns>New tensor [B] float32, owned by the caller.</returns>
    public Tensor Snr(Tensor timesteps) => PerTimestep(timesteps, alpha => alpha / (1 - alpha));

    /// <summary>Weights of losses: min(snr, γ) / snr for the noise, min(snr, γ) / (snr + 1) for the velocity, min(snr, γ) for the
    /// sample.</summary>
    /// <param name="timesteps">t, [B] int64, borrowed.</param>
    /// <param name="gamma">γ.</param>
    /// <returns>New tensor [B] float32, owned by the caller.</returns>
    /// <remarks>Hang et al., arXiv:2303.09556, section 3.4.</remarks>
    public Tensor MinSnrWeights(Tensor timesteps, double gamma) => PerTimestep(timesteps, alpha =>
    {
        var snr = alpha / (1 - alpha);
        return Math.Min(snr, gamma) / Prediction switch
        {
            PredictionType.Velocity => snr + 1,
            PredictionType.Sample => 1,
            _ => snr,
        };
    });

    private (Tensor Signal, Tensor Noise) Factors(Tensor timesteps, Tensor like)   // [B] -> 2 x [B, 1, ...]
    {
        long[] shape = [timesteps.shape[0], .. like.shape.Skip(1).Select(_ => 1L)];
        return (
            PerTimestep(timesteps, Math.Sqrt).to(like.device).view(shape),
            PerTimestep(timesteps, alpha => Math.Sqrt(1 - alpha)).to(like.device).view(shape));
    }

    private Tensor PerTimestep(Tensor timesteps, Func<double, double> value)
    {
        ArgumentNullException.ThrowIfNull(timesteps);
        using var local = timesteps.cpu();
        return tensor(local.data<long>().Select(t => (float)value(_alphas[t])).ToArray());
    }

    private double BetaOf(int timestep)
    {
        var share = _config.TrainTimesteps > 1 ? (double)timestep / (_config.TrainTimesteps - 1) : 0;
        return _config.BetaSchedule switch
        {
            "scaled_linear" => Math.Pow(double.Lerp(Math.Sqrt(_config.BetaStart), Math.Sqrt(_config.BetaEnd), share), 2),
            "squaredcos_cap_v2" => Cosine(timestep),
            _ => double.Lerp(_config.BetaStart, _config.BetaEnd, share),
        };
    }

    /// <summary>βₜ = min(1 − f(t + 1) / f(t), 0.999) with f(t) = cos²((t / T + 0.008) / 1.008 · π / 2).</summary>
    /// <remarks>Nichol and Dhariwal, arXiv:2102.09672, equation 17.</remarks>
    private double Cosine(int timestep)
    {
        const double offset = 0.008, most = 0.999;
        double Signal(double t) => Math.Pow(Math.Cos(((t / _config.TrainTimesteps) + offset) / (1 + offset) * Math.PI / 2), 2);
        return Math.Min(1 - (Signal(timestep + 1) / Signal(timestep)), most);
    }
}
