using System.Runtime;

namespace ResLora.Tensors.NativeRuntime;

/// <summary>
/// Keeps the garbage collector quiet while libtorch computes. TorchSharp hands numbers to libtorch as objects that .NET may take for
/// garbage as soon as the call has begun, and frees under it; a collection that another thread sets off in just that moment makes libtorch
/// read what is no longer a number. With a thread that decodes pictures beside it, one training run in a few died of it.
/// </summary>
/// <remarks>
/// Collections happen in <see cref="Between"/> only, where the thread is in no call of libtorch: every forward pass begins with it. More
/// than the room between two of them, and .NET collects all the same.
/// </remarks>
public sealed class CollectionPause : IDisposable
{
    /// <summary>The room that jobs take without large objects of .NET's: 16 MiB.</summary>
    public const long UsualRoom = 16L << 20;

    private const int Share = 2;   // what is used of the room before it is made anew

    [ThreadStatic]
    private static CollectionPause? _ofThread;

    private readonly CollectionPause? _outer = _ofThread;
    private readonly long _room;
    private long _since;
    private bool _isOver;

    /// <summary>Begins. Inside of another pause of this thread it holds with the larger room of the two, and leaves the other as it
    /// was.</summary>
    /// <param name="room">How many bytes may be allocated between two collections.</param>
    public CollectionPause(long room = UsualRoom)
    {
        _room = Math.Max(room, _outer?._room ?? 0);
        if (_outer is null)
        {
            IsOwn = GCSettings.LatencyMode != GCLatencyMode.NoGCRegion && Start();
        }
        else if (_room > _outer._room)
        {
            End();
            IsOwn = Start();
        }

        if (IsOwn)
        {
            _ofThread = this;
        }
    }

    /// <summary>Whether this pause is the one that holds: not where an outer one has the room, or another thread's holds.</summary>
    public bool IsOwn { get; }

    /// <summary>Collects if much was allocated in this thread's pause, if there is one. To be called outside of calls of
    /// libtorch.</summary>
    public static void Between()
    {
        if (_ofThread is { } pause)
        {
            pause.CollectIfDue();
        }
    }

    /// <summary>Ends the pause; one that was begun inside of it goes on.</summary>
    public void Dispose()
    {
        _isOver = true;
        if (_ofThread != this)
        {
            return;
        }

        End();
        while (_ofThread is { _isOver: true } over)
        {
            _ofThread = over._outer;
        }

        _ofThread?.Start();
    }

    private void CollectIfDue()
    {
        if (GCSettings.LatencyMode == GCLatencyMode.NoGCRegion && GC.GetTotalAllocatedBytes() - _since < _room / Share)
        {
            return;
        }

        End();
        // Asked for: to begin a pause anew .NET collects only where it finds too little room, and takes more and more memory instead.
        GC.Collect();
        Start();
    }

    private bool Start()
    {
        _since = GC.GetTotalAllocatedBytes();
        try
        {
            return GC.TryStartNoGCRegion(_room);
        }
        catch (Exception error) when (error is InvalidOperationException or ArgumentOutOfRangeException)
        {
            return false;   // another thread has begun one, or there is no such room: it is as it was without
        }
    }

    private static void End()
    {
        try
        {
            if (GCSettings.LatencyMode == GCLatencyMode.NoGCRegion)
            {
                GC.EndNoGCRegion();
            }
        }
        catch (InvalidOperationException)
        {
            // More than the room was allocated, and the pause ended by itself.
        }
    }
}
