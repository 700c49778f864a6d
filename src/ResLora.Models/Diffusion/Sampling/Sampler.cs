using static TorchSharp.torch;

namespace ResLora.Models.Diffusion.Sampling;

/// <summary>Makes latents of noise, step by step, for one picture or one batch: it may remember what was said before, until it is
/// disposed.</summary>
public abstract class Sampler : IDisposable
{
    private protected Sampler(string name, SchedulerConfig config, int steps)
    {
        (Name, Config, StepCount, Schedule) = (name, config, steps, new NoiseSchedule(config));
    }

    /// <summary>Its name, such as <c>ddim</c>.</summary>
    public string Name { get; }

    /// <summary>The timesteps that the network is told, in the order of the steps.</summary>
    public abstract IReadOnlyList<double> Timesteps { get; }

    /// <summary>What noise of variance 1 is multiplied by at the start. Default 1.</summary>
    public virtual double InitialScale => 1;

    /// <summary>σ of each step, and 0 behind the last; empty for samplers that do not reckon with them.</summary>
    public virtual IReadOnlyList<double> Sigmas => [];

    /// <summary>Whether its steps add new noise, and so need a generator. Default false.</summary>
    public virtual bool DrawsNoise => false;

    /// <summary>How much noise timesteps have.</summary>
    private protected NoiseSchedule Schedule { get; }

    private protected SchedulerConfig Config { get; }

    private protected int StepCount { get; }

    /// <summary>The latents as the network is to see them.</summary>
    /// <param name="latents">[B, C, Y, X], borrowed.</param>
    /// <param name="step">The step, from 0.</param>
    /// <returns>New tensor, owned by the caller.</returns>
    public virtual Tensor Scale(Tensor latents, int step)
    {
        ArgumentNullException.ThrowIfNull(latents);
        return latents.alias();
    }

    /// <summary>Makes one step; steps are made in order.</summary>
    /// <param name="output">What the network said of <see cref="Scale"/>'s latents; borrowed.</param>
    /// <param name="step">The step, from 0.</param>
    /// <param name="latents">The latents, not scaled; borrowed.</param>
    /// <param name="generator">Where new noise comes from, for samplers that add some (<see cref="DrawsNoise"/>).</param>
    /// <returns>New tensor: the latents after it, owned by the caller.</returns>
    /// <exception cref="ArgumentNullException">The sampler adds noise, and there is no generator.</exception>
    public abstract Tensor Step(Tensor output, int step, Tensor latents, Generator? generator = null);

    /// <summary>Makes all steps, in order.</summary>
    /// <param name="latents">[B, C, Y, X], noise of variance <see cref="InitialScale"/>²; borrowed.</param>
    /// <param name="said">What the network says of latents (as it is to see them, borrowed) at a timestep: a new tensor.</param>
    /// <param name="generator">As for <see cref="Step"/>.</param>
    /// <param name="after">Is told each step and the latents after it, borrowed; null for nobody.</param>
    /// <returns>New tensor: the latents after the last step, owned by the caller.</returns>
    public Tensor Run(Tensor latents, Func<Tensor, double, Tensor> said, Generator? generator = null, Action<int, Tensor>? after = null)
    {
        ArgumentNullException.ThrowIfNull(latents);
        ArgumentNullException.ThrowIfNull(said);
        var now = latents.alias();
        for (var step = 0; step < Timesteps.Count; step++)
        {
            using (NewDisposeScope())
            {
                var next = Step(said(Scale(now, step), Timesteps[step]), step, now, generator);
                now.Dispose();
                now = next.MoveToOuterDisposeScope();
            }

            after?.Invoke(step, now);
        }

        return now;
    }

    /// <summary>Frees what it remembers of steps that did not come to the end.</summary>
    public void Dispose()
    {
        Forget();
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what it remembers.</summary>
    private protected virtual void Forget()
    {
    }

    /// <summary>What is taken for the picture, cut to its range where the configuration says so.</summary>
    private protected Tensor Cut(Tensor sample) => Config.ClipsSample ? sample.clamp(-Config.ClipRange, Config.ClipRange) : sample;

    /// <summary>The latents without noise, and the noise, as the network sees them.</summary>
    private protected (Tensor Sample, Tensor Noise) Parts(Tensor output, Tensor latents, double alpha)
    {
        var (signal, rest) = (Math.Sqrt(alpha), Math.Sqrt(1 - alpha));
        return Config.Prediction switch
        {
            PredictionType.Noise => ((latents - (rest * output)) / signal, output),
            PredictionType.Velocity => ((signal * latents) - (rest * output), (signal * output) + (rest * latents)),
            _ => (output, (latents - (signal * output)) / rest),
        };
    }

    /// <summary>ᾱ of a timestep; below 0 the class's own idea of the end.</summary>
    private protected double AlphaAt(int timestep, bool endsClean) =>
        timestep >= 0 ? Schedule.AlphaBars[Math.Min(timestep, Schedule.TrainTimesteps - 1)] : endsClean ? 1 : Schedule.AlphaBars[0];
}
