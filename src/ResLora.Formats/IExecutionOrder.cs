namespace ResLora.Formats;

/// <summary>A network that knows in which order its layers run.</summary>
public interface IExecutionOrder
{
    /// <summary>
    /// The dotted names of the layers that an adapter may go on (linear, convolution, embedding), in the order in which a forward pass
    /// first reaches them.
    /// </summary>
    IReadOnlyList<string> ExecutionOrder { get; }

    /// <summary>
    /// What a layer is for. Layers of one role and one width, one after another in <see cref="ExecutionOrder"/>, are neighbours for
    /// shortcuts. Default: the name with a star for its first number, so that the layers of a stack follow each other.
    /// </summary>
    /// <param name="layer">One of <see cref="ExecutionOrder"/>.</param>
    /// <returns>The role; a short name for it stands behind its first <c>*.</c>, if it has one.</returns>
    string RoleOf(string layer) => LayerRole.Usual(layer);

    /// <summary>
    /// How many tokens (or pixels) a layer sees of an input as the network expects it; only where it differs from another's does it matter:
    /// such layers are no neighbours for shortcuts. Default: null, as many as all others of its role.
    /// </summary>
    /// <param name="layer">One of <see cref="ExecutionOrder"/>.</param>
    /// <returns>The number, or null.</returns>
    long? TokensOf(string layer) => null;
}
