namespace ResLora.Training.Distributed.Mpi;

/// <summary>What started this process as one of several, as its environment tells.</summary>
/// <param name="Name">What it is, for people.</param>
/// <param name="Libraries">The files of its library, the likeliest first.</param>
/// <param name="Package">How the library is got on Debian.</param>
internal sealed record MpiLauncher(string Name, IReadOnlyList<string> Libraries, string Package)
{
    /// <summary>Names the library's file where it has another name.</summary>
    public const string LibraryVariable = "RESLORA_MPI";

    // What launchers set in every process. Slurm's srun sets PMIX_RANK or PMI_RANK, by its plug-in.
    private static readonly (string Variable, MpiLauncher Launcher)[] _known =
    [
        ("OMPI_COMM_WORLD_SIZE", new("Open MPI's mpirun", ["libmpi.so.40", "libmpi.so"], "apt-get install openmpi-bin")),
        ("PMIX_RANK", new("a launcher with PMIx", ["libmpi.so.40", "libmpi.so"], "apt-get install openmpi-bin")),
        ("PMI_RANK", new("a launcher with PMI, such as MPICH's mpirun", ["libmpich.so.12", "libmpi.so.12", "libmpi.so"], "apt-get install mpich")),
    ];

    /// <summary>Who started this process; null when it was started alone.</summary>
    public static MpiLauncher? OfThisProcess()
    {
        var found = _known.FirstOrDefault(known => Environment.GetEnvironmentVariable(known.Variable) is { Length: > 0 }).Launcher;
        return found is not null && Environment.GetEnvironmentVariable(LibraryVariable) is { Length: > 0 } file
            ? found with { Libraries = [file] }
            : found;
    }

    /// <summary>Takes out of an environment what would make a process a rank.</summary>
    /// <param name="environment">The environment of a process to be started.</param>
    public static void Remove(IDictionary<string, string?> environment)
    {
        string[] prefixes = ["OMPI_", "PMIX_", "PMI_", "HYDRA_", "MPIR_"];
        foreach (var name in environment.Keys.Where(name => prefixes.Any(name.StartsWith)).ToArray())
        {
            environment.Remove(name);
        }
    }
}
