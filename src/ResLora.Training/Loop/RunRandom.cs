using ResLora.Tensors.NativeRuntime;
using TorchSharp;
using static TorchSharp.torch;

namespace ResLora.Training.Loop;

/// <summary>
/// The random numbers of a run. libtorch has one generator in a process, from which dropout and masks are drawn; a run has a state of its
/// own, which is there only while the run draws. So runs that take turns, or a host with random numbers of its own, do not change each
/// other's.
/// </summary>
/// <remarks>
/// Of one process the numbers are one sequence. Of several, or with gradients added up in order, each forward pass has a sequence of its
/// own, so that it does not matter which process computes it.
/// </remarks>
internal sealed class RunRandom : IDisposable
{
    private static readonly Lock _generator = new();

    private readonly long _seed;
    private readonly bool _isByPass;
    private readonly bool _isOnCuda;

    /// <param name="seed">Where the sequence starts.</param>
    /// <param name="device">Where the model is.</param>
    /// <param name="isByPass">Whether each forward pass has a sequence of its own. Default false.</param>
    public RunRandom(long seed, Device device, bool isByPass = false)
    {
        (_seed, _isByPass, _isOnCuda) = (seed, isByPass, device.type == DeviceType.CUDA);
        using var held = _generator.EnterScope();
        using var before = random.get_rng_state();
        random.manual_seed(seed);
        State = Current();
        random.set_rng_state(before);
    }

    /// <summary>Where the sequence stands, borrowed.</summary>
    public Tensor State { get; private set; }

    /// <summary>Goes on where a run stood.</summary>
    /// <param name="state">Its state, borrowed.</param>
    public void Restore(Tensor state)
    {
        State.Dispose();
        State = state.clone().DetachFromDisposeScope();
    }

    /// <summary>What numbers are drawn for.</summary>
    public enum Use
    {
        /// <summary>What is hidden or made noisy in a batch.</summary>
        Masks,

        /// <summary>What is dropped in a forward pass.</summary>
        Dropout,
    }

    /// <summary>
    /// Makes the process draw this run's numbers until the result is disposed, on the same thread; others wait meanwhile.
    /// </summary>
    /// <param name="step">The step, from 1.</param>
    /// <param name="pass">The forward pass of the step, among those of all processes.</param>
    /// <param name="use">What for.</param>
    public Turn Take(int step, int pass, Use use) => new(this, _isByPass ? SeedOf(step, pass, use) : null);

    public void Dispose() => State.Dispose();

    private long SeedOf(int step, int pass, Use use)
    {
        // Neighbouring seeds must not give alike sequences: the finaliser of MurmurHash3, public domain.
        var mixed = unchecked(((ulong)_seed * 0x9E3779B97F4A7C15) + ((ulong)step << 32) + ((ulong)pass << 1) + (ulong)use);
        mixed = (mixed ^ (mixed >> 33)) * 0xFF51AFD7ED558CCD;
        mixed = (mixed ^ (mixed >> 33)) * 0xC4CEB9FE1A85EC53;
        return (long)(mixed ^ (mixed >> 33));
    }

    private static Tensor Current() => random.get_rng_state().DetachFromDisposeScope();

    /// <summary>A run's turn at the generator; what the process had before comes back at its end.</summary>
    public readonly ref struct Turn
    {
        private readonly RunRandom _run;
        private readonly bool _isApart;
        private readonly Lock.Scope _held;
        private readonly Tensor _before;

        internal Turn(RunRandom run, long? ownSeed)
        {
            (_run, _isApart) = (run, ownSeed is not null);
            _held = _generator.EnterScope();
            _before = Current();
            if (ownSeed is { } seed)
            {
                random.manual_seed(seed);
            }
            else
            {
                random.set_rng_state(run.State);
            }

            if (run._isOnCuda)
            {
                CudaRandom.Follow();
            }
        }

        public void Dispose()
        {
            if (!_isApart)
            {
                _run.State.Dispose();
                _run.State = Current();
            }

            random.set_rng_state(_before);
            _before.Dispose();
            _held.Dispose();
        }
    }
}
