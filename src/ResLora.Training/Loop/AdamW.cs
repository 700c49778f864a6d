using ResLora.Formats.Errors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Training.Loop;

/// <summary>
/// AdamW: Adam whose weight decay is apart from the gradient. With g the gradient and t the step from 1:
/// <code>
/// p ← p − η λ p
/// m ← β₁ m + (1 − β₁) g        v ← β₂ v + (1 − β₂) g²
/// p ← p − η · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
/// </code>
/// Parameters of one dimension (norms, biases) do not decay.
/// </summary>
/// <remarks>
/// Loshchilov and Hutter, arXiv:1711.05101, algorithm 2. Our own, because a run that is resumed must go on bit for bit and
/// TorchSharp's optimizers do not hand out their state as named tensors.
/// </remarks>
public sealed class AdamW : IDisposable
{
    private readonly TrainConfig _config;
    private readonly List<Moments> _moments = [];

    /// <summary>Starts with all moments 0.</summary>
    /// <param name="parameters">What is trained, by name; borrowed.</param>
    /// <param name="config">Betas, ε and weight decay.</param>
    /// <param name="rateFactor">What the learning rate of a parameter, by name, is multiplied by; null for 1.</param>
    /// <exception cref="ConfigException">A parameter is not float32: small updates would be lost in rounding.</exception>
    public AdamW(IEnumerable<KeyValuePair<string, Parameter>> parameters, TrainConfig config, Func<string, double>? rateFactor = null)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        _config = config;
        foreach (var (name, parameter) in parameters)
        {
            if (parameter.dtype != float32)
            {
                throw new ConfigException(
                    $"'{name}' is to be trained and is {parameter.dtype}; what is trained must be float32. Load the model in float32.");
            }

            _moments.Add(new Moments(name, parameter, Zeros(parameter), Zeros(parameter), rateFactor?.Invoke(name) ?? 1));
        }
    }

    /// <summary>t, how many steps are done.</summary>
    public int StepCount { get; private set; }

    /// <summary>The moments by name, <c>exp_avg.NAME</c> (m) and <c>exp_avg_sq.NAME</c> (v); borrowed.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> State => _moments.SelectMany(m => new[]
    {
        KeyValuePair.Create($"exp_avg.{m.Name}", m.Mean),
        KeyValuePair.Create($"exp_avg_sq.{m.Name}", m.Square),
    });

    /// <summary>Makes one step with the parameters' gradients; one without a gradient stays as it is.</summary>
    /// <param name="learningRate">η.</param>
    public void Step(double learningRate)
    {
        StepCount++;
        var meanScale = learningRate / (1 - Math.Pow(_config.Beta1, StepCount));
        var squareScale = Math.Sqrt(1 - Math.Pow(_config.Beta2, StepCount));
        using var noGradient = no_grad();
        foreach (var (_, parameter, mean, square, factor) in _moments)
        {
            using var scope = NewDisposeScope();
            if (parameter.grad is not { } gradient)
            {
                continue;
            }

            if (_config.WeightDecay > 0 && parameter.dim() > 1)
            {
                parameter.mul_(InFloat32(1 - (learningRate * factor * _config.WeightDecay)));
            }

            mean.mul_(_config.Beta1).add_(gradient, alpha: 1 - _config.Beta1);
            square.mul_(_config.Beta2).addcmul_(gradient, gradient, 1 - _config.Beta2);
            var divisor = square.sqrt().div_(squareScale).add_(_config.Epsilon);
            parameter.addcdiv_(mean, divisor, InFloat32(-meanScale * factor));
        }
    }

    /// <summary>Lets go of all gradients.</summary>
    public void ZeroGradients()
    {
        foreach (var moments in _moments)
        {
            moments.Parameter.grad?.Dispose();
            moments.Parameter.grad = null;
        }
    }

    /// <summary>Puts a saved state back.</summary>
    /// <param name="stepCount">t.</param>
    /// <param name="read">Gives a tensor of <see cref="State"/> by its name; new and ours.</param>
    public void Restore(int stepCount, Func<string, Tensor> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        StepCount = stepCount;
        using var noGradient = no_grad();
        foreach (var (name, tensor) in State)
        {
            using var scope = NewDisposeScope();
            tensor.copy_(read(name));
        }
    }

    /// <summary>Frees the moments.</summary>
    public void Dispose()
    {
        foreach (var moments in _moments)
        {
            moments.Mean.Dispose();
            moments.Square.Dispose();
        }

        _moments.Clear();
    }

    /// <summary>A number that float32 cannot hold as infinite, which ends the run by name; libtorch would throw.</summary>
    private static double InFloat32(double value) => float.IsFinite((float)value) ? value : (float)value;

    private static Tensor Zeros(Parameter parameter)
    {
        using var noGradient = no_grad();
        return zeros_like(parameter).DetachFromDisposeScope();
    }

    private sealed record Moments(string Name, Parameter Parameter, Tensor Mean, Tensor Square, double RateFactor);
}
