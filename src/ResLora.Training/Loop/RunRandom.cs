using static TorchSharp.torch;

namespace ResLora.Training.Loop;

/// <summary>
/// The random numbers of a run. libtorch has one generator in a process, from which dropout and masks are drawn; a run has a state of its
/// own, which is there only while the run draws. So runs that take turns, or a host with random numbers of its own, do not change each
/// other's.
/// </summary>
internal sealed class RunRandom : IDisposable
{
    private static readonly Lock _generator = new();

    /// <param name="seed">Where the sequence starts.</param>
    public RunRandom(long seed)
    {
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

    /// <summary>Makes the process draw this run's numbers until the result is disposed, on the same thread; others wait
    /// meanwhile.</summary>
    public Turn Take() => new(this);

    public void Dispose() => State.Dispose();

    private static Tensor Current() => random.get_rng_state().DetachFromDisposeScope();

    /// <summary>A run's turn at the generator; what the process had before comes back at its end.</summary>
    public readonly ref struct Turn
    {
        private readonly RunRandom _run;
        private readonly Lock.Scope _held;
        private readonly Tensor _before;

        internal Turn(RunRandom run)
        {
            _run = run;
            _held = _generator.EnterScope();
            _before = Current();
            random.set_rng_state(run.State);
        }

        public void Dispose()
        {
            _run.State.Dispose();
            _run.State = Current();
            random.set_rng_state(_before);
            _before.Dispose();
            _held.Dispose();
        }
    }
}
