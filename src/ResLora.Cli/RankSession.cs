using ResLora.Formats.Errors;
using ResLora.Tensors.NativeRuntime;
using ResLora.Training.Distributed;
using ResLora.Training.Distributed.Mpi;

namespace ResLora.Cli;

/// <summary>This process as one of several that <c>mpirun</c> or another MPI launcher started. Number 0 alone speaks, unless another one
/// fails.</summary>
internal sealed class RankSession
{
    // Until settings are read that say more.
    private static readonly TimeSpan _firstPatience = TimeSpan.FromMinutes(10);

    /// <summary>How long another rank lets number 0 speak first: a fault that all have in common is told once.</summary>
    private static readonly TimeSpan _grace = TimeSpan.FromSeconds(2);

    private readonly MpiCommunicator _ranks;

    private RankSession(MpiCommunicator ranks)
    {
        _ranks = ranks;
        ComputeDevice.LocalRank = ProcessorShare.NumberHere(ranks);
    }

    /// <summary>The processes.</summary>
    public ICommunicator Ranks => _ranks;

    /// <summary>Who speaks, for a message of a rank above 0; null for number 0.</summary>
    public string? Speaker => _ranks.Rank == 0 ? null : $"Rank {_ranks.Rank} on {_ranks.HostOf(_ranks.Rank)}";

    /// <summary>Joins the others; null for a process that was started alone.</summary>
    /// <exception cref="ConfigException">The MPI library cannot be used.</exception>
    public static RankSession? Join() => MpiCommunicator.Join(_firstPatience) is { } ranks ? new RankSession(ranks) : null;

    /// <summary>Refuses a command that several processes cannot do together.</summary>
    /// <param name="verb">The command.</param>
    /// <exception cref="ConfigException">It is one process's.</exception>
    public void Require(Verb verb)
    {
        if (_ranks.Size > 1 && !verb.IsShared)
        {
            throw new ConfigException(
                $"'reslora {verb.Name}' is done by one process, and {_ranks.Size} were started; start it without mpirun.");
        }
    }

    /// <summary>Where this process writes.</summary>
    /// <param name="streams">Where a process alone would.</param>
    public CommandStreams Shown(CommandStreams streams) => _ranks.Rank == 0 ? streams : CommandStreams.Silent;

    /// <summary>The command is done in all processes.</summary>
    public void Leave() => _ranks.Dispose();

    /// <summary>Waits, in a rank above 0, until number 0 would have reported the same failure.</summary>
    public void BeforeReport()
    {
        if (_ranks.Rank > 0)
        {
            Thread.Sleep(_grace);
        }
    }

    /// <summary>Ends all processes after a failure of this one was reported.</summary>
    /// <param name="exitCode">What the launcher ends with.</param>
    public void EndAll(int exitCode) => _ranks.Abort(exitCode);
}
