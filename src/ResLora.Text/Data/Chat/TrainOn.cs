namespace ResLora.Text.Data.Chat;

/// <summary>Which tokens of a conversation are trained.</summary>
public enum TrainOn
{
    /// <summary>Every turn of the assistant with the token that ends it.</summary>
    Assistant,

    /// <summary>The last turn of the assistant with the token that ends it.</summary>
    Last,

    /// <summary>Everything that the model reads and writes.</summary>
    All,
}
