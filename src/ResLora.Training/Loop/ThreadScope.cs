using static TorchSharp.torch;

namespace ResLora.Training.Loop;

/// <summary>
/// The threads that libtorch takes for an operation, while a run lasts. libtorch keeps the number for each calling thread, and gives a new
/// one the number that was set last, wherever that was: hence what it would take without any run is remembered here.
/// </summary>
public sealed class ThreadScope : IDisposable
{
    private static readonly List<ThreadScope> _open = [];
    private static int _usual;

    private readonly int _caller = Environment.CurrentManagedThreadId;
    private readonly int _count;
    private readonly int _before;

    /// <summary>Sets the number for the calling thread, which disposing gives back.</summary>
    /// <param name="choose">Gives the number to take from the one that would be taken: that of the scope around it on this thread, else what
    /// libtorch takes by itself.</param>
    public ThreadScope(Func<int, int> choose)
    {
        lock (_open)
        {
            if (_open.Count == 0)
            {
                _usual = get_num_threads();
            }

            _before = _open.LastOrDefault(scope => scope._caller == _caller)?._count ?? _usual;
            _count = choose(_before);
            _open.Add(this);
        }

        set_num_threads(_count);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        set_num_threads(_before);
        lock (_open)
        {
            _open.Remove(this);
        }
    }
}
