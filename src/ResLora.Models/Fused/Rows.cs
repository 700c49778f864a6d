using static TorchSharp.torch;

namespace ResLora.Models.Fused;

/// <summary>
/// Spreads the rows of a kernel over as many threads as libtorch may use. Each row is one thread's work, so results do not depend on their
/// number.
/// </summary>
internal static class Rows
{
    /// <summary>Runs a kernel on all rows.</summary>
    /// <param name="count">How many rows there are.</param>
    /// <param name="kernel">Takes the first row and the one after the last.</param>
    public static void ForEach(int count, Action<int, int> kernel)
    {
        var threads = Math.Min(get_num_threads(), count);
        if (threads <= 1)
        {
            kernel(0, count);
            return;
        }

        Parallel.For(0, threads, part => kernel((int)((long)count * part / threads), (int)((long)count * (part + 1) / threads)));
    }
}
