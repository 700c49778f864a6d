using System.Security.Cryptography;

namespace ResLora.Formats;

/// <summary>One of the things that a training run learns from: a text, a labelled text, a picture. The loop knows no more of it.</summary>
public interface IExample
{
    /// <summary>How large it is, in what its workload counts (tokens, say): batches group by it.</summary>
    int Size { get; }

    /// <summary>Adds all that the example consists of to a hash: a run goes on with the same examples only.</summary>
    /// <param name="hash">The hash, borrowed.</param>
    void AppendTo(IncrementalHash hash);
}
