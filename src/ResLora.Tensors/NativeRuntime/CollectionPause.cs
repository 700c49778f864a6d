using System.Runtime;

namespace ResLora.Tensors.NativeRuntime;

/// <summary>
/// Keeps the garbage collector quiet while libtorch computes. TorchSharp hands numbers to libtorch as objects that .NET may take for garbage
/// as soon as the call has begun, and frees under it; a collection that another thread sets off in just that moment makes libtorch read what
/// is no longer a number. With a thread that decodes pictures beside it, one training run in a few died of it.
/// </summary>
/// <remarks>
/// Collections happen in <see cref="Between"/> only, where the caller is in no call of libtorch. More than the room between two of them, and
/// .NET collects all the same.
/// </remarks>
public sealed class CollectionPause : IDisposable
{
    private const int Share = 2;   // what is used of the room before it is made anew

    [ThreadStatic]
    private static CollectionPause? _ofThread;

    private readonly long _room;
    private readonly CollectionPause? _outer = _ofThread;
    private long _since;

    /// <summary>
    /// Begins; where the process is in such a pause already, that one goes on as it is, and if it is of this thread, <see cref="Between"/>
    /// is its own.
    /// </summary>
    /// <param name="room">How many bytes may be allocated between two collections.</param>
    public CollectionPause(long room)
    {
        _room = room;
        IsOwn = _outer is null && GCSettings.LatencyMode != GCLatencyMode.NoGCRegion && Start();
        _ofThread ??= IsOwn ? this : null;
    }

    /// <summary>Whether this pause is the one that holds.</summary>
    public bool IsOwn { get; }

    /// <summary>Collects if much was allocated. To be called where this thread is in no call of libtorch.</summary>
    public void Between()
    {
        if (_outer is not null)
        {
            _outer.Between();
            return;
        }

        if (!IsOwn || (GCSettings.LatencyMode == GCLatencyMode.NoGCRegion && GC.GetTotalAllocatedBytes() - _since < _room / Share))
        {
            return;
        }

        End();
        // Asked for: to begin a pause anew .NET collects only where it finds too little room, and takes more and more memory instead.
        GC.Collect();
        Start();
    }

    /// <summary>Ends the pause.</summary>
    public void Dispose()
    {
        if (IsOwn)
        {
            _ofThread = null;
            End();
        }
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
