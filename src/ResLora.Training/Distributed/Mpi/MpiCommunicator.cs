using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using ResLora.Formats.Errors;

namespace ResLora.Training.Distributed.Mpi;

/// <summary>
/// The processes that <c>mpirun</c> or another MPI launcher started. Every call is asked for and then waited for here, so that a rank that
/// does not come is noticed, and named. Several threads may call, but no two in the middle of the same kind of call with the same ranks.
/// </summary>
public sealed unsafe class MpiCommunicator : ICommunicator, IDisposable
{
    // In bytes, whole numbers of all types. A call of MPI counts in 32 bits.
    private const int LargestPart = 1 << 26;
    private const int DataTag = 1, WaitingTag = 2;

    /// <summary>A wait that is longer is told to the others, so that they know who is there when their patience ends.</summary>
    private static readonly TimeSpan _longWait = TimeSpan.FromSeconds(1);

    /// <summary>Where a wait stops to spin, and where it stops to ask without a pause: ranks may be more than processors.</summary>
    private static readonly TimeSpan _spinning = TimeSpan.FromMilliseconds(2), _yielding = TimeSpan.FromMilliseconds(50);

    /// <summary>How often a gentle wait looks: who trains meanwhile has the processor.</summary>
    private static readonly TimeSpan _gentlePause = TimeSpan.FromMilliseconds(10);

    private readonly MpiLibrary _mpi;
    private readonly Lock _lock = new();
    private readonly string[] _hosts;
    private readonly List<nint> _kept = [];

    /// <summary>In which of the common calls, counted from 1, each of the others waits, as far as it has told.</summary>
    private readonly long[] _waitsIn;

    /// <summary>How many common calls there have been.</summary>
    private long _together;

    private MpiCommunicator(MpiLibrary mpi, TimeSpan patience)
    {
        (_mpi, Patience) = (mpi, patience);
        var provided = 0;
        mpi.Require(mpi.InitThread(null, null, MpiLibrary.Serialized, &provided), "start");
        mpi.Require(mpi.CommSetErrhandler(mpi.World, mpi.ErrorsReturn), "start");
        var (rank, size) = (0, 0);
        mpi.Require(mpi.CommRank(mpi.World, &rank), "number the ranks");
        mpi.Require(mpi.CommSize(mpi.World, &size), "count the ranks");
        (Rank, Size) = (rank, size);
        _waitsIn = new long[size];
        if (provided < MpiLibrary.Serialized)
        {
            throw new ConfigException($"{mpi.Version} was built without threads (MPI_THREAD_SERIALIZED); take one that has them.");
        }

        _hosts = Enumerable.Repeat("a host that has not said its name yet", size).ToArray();
        _hosts = [.. Gather(Encoding.UTF8.GetBytes(Environment.MachineName)).Select(Encoding.UTF8.GetString)];
    }

    /// <summary>Joins the ranks that a launcher started with this process.</summary>
    /// <param name="patience">How long a rank waits for another one; <see cref="Patience"/> changes it.</param>
    /// <returns>The ranks, owned by the caller; null when this process was started alone.</returns>
    /// <exception cref="ConfigException">The launcher's MPI library cannot be loaded or used.</exception>
    /// <exception cref="RanksException">The others do not come.</exception>
    public static MpiCommunicator? Join(TimeSpan patience) =>
        MpiLauncher.OfThisProcess() is { } launcher ? new MpiCommunicator(MpiLibrary.Load(launcher), patience) : null;

    /// <summary>Takes out of an environment what would make a process that is started with it a rank, too.</summary>
    /// <param name="environment">The environment of a process to be started.</param>
    public static void RemoveFrom(IDictionary<string, string?> environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        MpiLauncher.Remove(environment);
    }

    /// <inheritdoc />
    public int Rank { get; }

    /// <inheritdoc />
    public int Size { get; }

    /// <summary>How long a rank waits for another one before it gives up.</summary>
    public TimeSpan Patience { get; set; }

    /// <summary>The MPI library's name and version.</summary>
    public string Library => _mpi.Version;

    /// <inheritdoc />
    public string HostOf(int rank) => _hosts[rank];

    /// <inheritdoc />
    public bool Any(bool holds)
    {
        Span<double> count = [holds ? 1 : 0];
        Sum(count);
        return count[0] > 0;
    }

    /// <inheritdoc />
    public void Sum(Span<float> values) => Sum(values, _mpi.Float);

    /// <inheritdoc />
    public void Sum(Span<double> values) => Sum(values, _mpi.Double);

    /// <inheritdoc />
    public byte[] Broadcast(ReadOnlySpan<byte> value, int from = 0)
    {
        Span<long> length = [value.Length];
        Spread(MemoryMarshal.AsBytes(length), from);
        var bytes = Rank == from ? value.ToArray() : new byte[length[0]];
        Spread(bytes, from);
        return bytes;
    }

    /// <inheritdoc />
    public IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> value)
    {
        var lengths = new double[Size];
        lengths[Rank] = value.Length;
        Sum(lengths);
        int[] counts = [.. lengths.Select(length => (int)length)], starts = new int[Size];
        for (var rank = 1; rank < Size; rank++)
        {
            starts[rank] = checked(starts[rank - 1] + counts[rank - 1]);
        }

        var all = new byte[checked(starts[^1] + counts[^1])];
        fixed (byte* mine = value, theirs = all)
        fixed (int* many = counts, first = starts)
        {
            nint request;
            lock (_lock)
            {
                _together++;
                _mpi.Require(
                    _mpi.Iallgatherv(mine, value.Length, _mpi.Byte, theirs, many, first, _mpi.Byte, _mpi.World, &request), "gather");
            }

            Wait(&request, "to hear from all", partner: null, gently: false);
        }

        return [.. Enumerable.Range(0, Size).Select(rank => all.AsSpan(starts[rank], counts[rank]).ToArray())];
    }

    /// <inheritdoc />
    public void Send(ReadOnlySpan<byte> value, int to) => Ask(
        value, (bytes, count, request) => _mpi.Isend((void*)bytes, count, _mpi.Byte, to, DataTag, _mpi.World, request), "send",
        $"to send to {Name(to)}", to);

    /// <inheritdoc />
    public void Receive(Span<byte> value, int from, bool gently = false) => Ask(
        value, (bytes, count, request) => _mpi.Irecv((void*)bytes, count, _mpi.Byte, from, DataTag, _mpi.World, request), "receive",
        $"to receive from {Name(from)}", from, gently);

    /// <summary>Ends this process and all others at once, wherever they are.</summary>
    /// <param name="exitCode">The exit code that the launcher is given.</param>
    public void Abort(int exitCode)
    {
        lock (_lock)
        {
            _ = _mpi.Abort(_mpi.World, exitCode);
        }
    }

    /// <summary>Leaves the others, once all of them are done.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _ = _mpi.Finish();
            _kept.ForEach(Marshal.FreeHGlobal);
            _kept.Clear();
        }
    }

    private delegate int Call(nint bytes, int count, nint* request);

    private void Sum<T>(Span<T> values, nint type)
        where T : unmanaged => Ask(
        MemoryMarshal.AsBytes(values),
        (bytes, count, request) =>
            _mpi.Iallreduce(_mpi.InPlace, (void*)bytes, count / sizeof(T), type, _mpi.AddUp, _mpi.World, request),
        "add up", "to add up numbers");

    private void Spread(Span<byte> value, int from) => Ask(
        value, (bytes, count, request) => _mpi.Ibcast((void*)bytes, count, _mpi.Byte, from, _mpi.World, request), "spread",
        $"to hear from {Name(from)}");

    /// <summary>Asks for a call, in parts where one cannot take all, and waits for each.</summary>
    /// <param name="value">What is read or filled.</param>
    /// <param name="call">Asks for a part.</param>
    /// <param name="name">What is asked for, for errors.</param>
    /// <param name="purpose">What is waited for, for errors.</param>
    /// <param name="partner">The other rank; null for a call that all make together.</param>
    /// <param name="gently">As for <see cref="Receive"/>.</param>
    private void Ask(ReadOnlySpan<byte> value, Call call, string name, string purpose, int? partner = null, bool gently = false)
    {
        fixed (byte* bytes = value)
        {
            for (var start = 0; start < value.Length; start += LargestPart)
            {
                nint request;
                lock (_lock)
                {
                    _together += partner is null ? 1 : 0;
                    _mpi.Require(call((nint)(bytes + start), Math.Min(LargestPart, value.Length - start), &request), name);
                }

                Wait(&request, purpose, partner, gently);
            }
        }
    }

    private string Name(int rank) => string.Create(CultureInfo.InvariantCulture, $"rank {rank} on {_hosts[rank]}");

    private void Wait(nint* request, string purpose, int? partner, bool gently)
    {
        var (began, told) = (Stopwatch.GetTimestamp(), false);
        while (true)
        {
            var done = 0;
            lock (_lock)
            {
                _mpi.Require(_mpi.Test(request, &done, _mpi.StatusIgnore), $"wait {purpose}");
            }

            var waited = Stopwatch.GetElapsedTime(began);
            if (done != 0)
            {
                return;
            }

            if (partner is null && !told && waited > _longWait)
            {
                TellOthers();
                told = true;
            }

            if (waited > Patience)
            {
                throw new RanksException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"No answer for {Patience.TotalSeconds:0.#} s from {Missing(partner)}, while {Name(Rank)} waited {purpose}. ")
                    + "What was saved before is kept.");
            }

            if (gently)
            {
                Thread.Sleep(_gentlePause);
            }
            else if (waited < _spinning)
            {
                Thread.SpinWait(20);
            }
            else if (waited < _yielding)
            {
                Thread.Yield();
            }
            else
            {
                Thread.Sleep(1);
            }
        }
    }

    /// <summary>Says to all others in which of the common calls this rank waits.</summary>
    private void TellOthers()
    {
        lock (_lock)
        {
            // What MPI reads until it is sent, which may be never.
            var number = (long*)Marshal.AllocHGlobal(sizeof(long));
            _kept.Add((nint)number);
            *number = _together;
            for (var rank = 0; rank < Size; rank++)
            {
                nint request;
                if (rank != Rank)
                {
                    _mpi.Require(_mpi.Isend(number, sizeof(long), _mpi.Byte, rank, WaitingTag, _mpi.World, &request), "tell that it waits");
                }
            }

            Listen();
        }
    }

    /// <summary>Notes what the others have told.</summary>
    private void Listen()
    {
        for (var rank = 0; rank < Size; rank++)
        {
            while (rank != Rank && Read(rank) is { } number)
            {
                _waitsIn[rank] = number;
            }
        }
    }

    private long? Read(int rank)
    {
        var there = 0;
        _mpi.Require(_mpi.Iprobe(rank, WaitingTag, _mpi.World, &there, _mpi.StatusIgnore), "ask for messages");
        if (there == 0)
        {
            return null;
        }

        long number;
        nint request;
        _mpi.Require(_mpi.Irecv(&number, sizeof(long), _mpi.Byte, rank, WaitingTag, _mpi.World, &request), "receive");
        for (var done = 0; done == 0;)
        {
            _mpi.Require(_mpi.Test(&request, &done, _mpi.StatusIgnore), "receive");
        }

        return number;
    }

    private string Missing(int? partner)
    {
        if (partner is { } one)
        {
            return Name(one);
        }

        lock (_lock)
        {
            Listen();
            string[] missing =
                [.. Enumerable.Range(0, Size).Where(rank => rank != Rank && _waitsIn[rank] < _together).Select(Name)];
            return missing.Length == 0 ? "the network" : string.Join(" and ", missing);
        }
    }
}
