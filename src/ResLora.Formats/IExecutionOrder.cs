namespace ResLora.Formats;

/// <summary>A network that knows in which order its layers run.</summary>
public interface IExecutionOrder
{
    /// <summary>
    /// The dotted names of the layers that an adapter may go on (linear, convolution, embedding), in the order in which a forward pass
    /// first reaches them.
    /// </summary>
    IReadOnlyList<string> ExecutionOrder { get; }
}
